//! `cargo xtask demo`: the gallery, built and served; with `--headless`, the Julia page run and judged in a browser.
//!
//! The headless run has no driver: the page runs by itself, posts its figures and its canvas to the server that served it,
//! and the canvas must be the picture that the same code draws natively.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use example_parallel::julia::{self, SIDE};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::browser::{self, Browser, Launched};
use crate::pages;
use crate::serve::{Options, Server};
use crate::setup;
use crate::workspace;

/// A page that has said nothing by then has failed.
const DEADLINE: Duration = Duration::from_secs(120);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port to serve at, or the next free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Runs the Julia page in a browser, prints its figures and checks its picture
    #[arg(long)]
    headless: bool,
    /// The browser of the headless run
    #[arg(long, requires = "headless", default_value_t = Browser::Chromium)]
    browser: Browser,
    /// Writes the figures of the headless run there, and the canvas beside it
    #[arg(long, requires = "headless", value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    setup::wasm_target()?;
    if args.headless {
        setup::browsers(&[args.browser], false)?;
    }
    let site = pages::build(&pages::EXAMPLES)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let server = Server::start(site, args.port, Options::default()).await?;
        if args.headless {
            run_headless(&server, args.browser, args.json.as_deref()).await
        } else {
            eprintln!("serving until Ctrl-C");
            eprintln!(
                "a page is cross-origin isolated where `?isolated` stands behind its address"
            );
            println!("{}", server.url("/"));
            tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What a page that measures posts. One that failed posts `error` in place of its figures.
#[derive(Deserialize)]
#[serde(untagged)]
enum Posted<T> {
    Figures(T),
    Failure { error: String },
}

/// What the Julia page measures.
#[derive(Deserialize)]
struct Figures {
    workers: u32,
    serial_ms: f64,
    parallel_ms: f64,
    runs: Runs,
    engine: String,
}

#[derive(Deserialize)]
struct Runs {
    serial: Vec<f64>,
    parallel: Vec<f64>,
}

async fn run_headless(server: &Server, browser: Browser, json: Option<&Path>) -> Result<()> {
    eprintln!("running the Julia page in {browser} …");
    let url = server.url("/parallel/?report=/outcome/parallel&canvas=/canvas/parallel");
    let mut launched = browser::launch(browser, &url)?;
    let figures: Figures = figures(server, &mut launched, "/outcome/parallel", DEADLINE).await?;
    // The page posts its canvas first.
    let canvas = server.posted("/canvas/parallel", Duration::ZERO).await?;
    drop(launched);

    print_table(browser, &figures);
    let png = match json {
        Some(json) => json.with_extension("png"),
        None => workspace::target_dir().join("demo/parallel.png"),
    };
    if let Some(folder) = png.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(&png, &canvas).with_context(|| format!("writing {}", png.display()))?;
    eprintln!("the canvas: {}", png.display());
    if let Some(file) = json {
        let figures = json!({
            "browser": browser.name(),
            "workers": figures.workers,
            "serial_ms": figures.serial_ms,
            "parallel_ms": figures.parallel_ms,
            "png": png.file_name().and_then(|name| name.to_str()),
        });
        fs::write(file, format!("{figures:#}\n"))
            .with_context(|| format!("writing {}", file.display()))?;
    }
    compare(&canvas)?;
    eprintln!("the picture is the native one, pixel by pixel");
    Ok(())
}

/// Waits for the figures that a launched page posts, as long as its browser runs.
pub(crate) async fn figures<T: DeserializeOwned>(
    server: &Server,
    launched: &mut Launched,
    path: &str,
    deadline: Duration,
) -> Result<T> {
    let posted = tokio::select! {
        posted = server.posted(path, deadline) => posted,
        () = end(launched) => Err(anyhow!("the browser ended before its page had posted anything")),
    };
    let posted =
        posted.map_err(|error| anyhow!("{error:#}; the browser wrote:\n{}", launched.log()))?;
    let read = serde_json::from_slice(&posted)
        .with_context(|| format!("the page's report: {}", String::from_utf8_lossy(&posted)))?;
    match read {
        Posted::Figures(figures) => Ok(figures),
        Posted::Failure { error } => bail!("the page failed: {error}"),
    }
}

/// Returns when the browser has ended. Nothing tells, so it is looked at now and then.
async fn end(launched: &mut Launched) {
    let mut often = tokio::time::interval(Duration::from_millis(500));
    while !launched.has_ended() {
        often.tick().await;
    }
}

fn print_table(browser: Browser, figures: &Figures) {
    let spread = |runs: &[f64]| {
        let runs: Vec<String> = runs.iter().map(|run| format!("{run:.0}")).collect();
        runs.join(", ")
    };
    println!(
        "{:<10} {:>9} {:>9}  runs",
        browser.name(),
        "median ms",
        "speed-up"
    );
    println!(
        "{:<10} {:>9.1} {:>9}  {}",
        "serial",
        figures.serial_ms,
        "",
        spread(&figures.runs.serial)
    );
    println!(
        "{:<10} {:>9.1} {:>9.2}  {}",
        format!("{} workers", figures.workers),
        figures.parallel_ms,
        figures.serial_ms / figures.parallel_ms,
        spread(&figures.runs.parallel),
    );
    println!("{}", figures.engine);
}

/// Fails when the PNG of the canvas is not the picture as this machine draws it natively.
pub(crate) fn compare(png: &[u8]) -> Result<()> {
    let (width, height, drawn) = decode(png)?;
    let side = 2 * SIDE;
    ensure!(
        (width, height) == (side, side),
        "the canvas is {width}×{height} and not {side}×{side}"
    );
    let (_, _, native) = julia::canvas();
    compare_pixels(&drawn, &native)
}

/// Fails when two pictures of one size are not the same.
pub(crate) fn compare_pixels(drawn: &[u8], native: &[u8]) -> Result<()> {
    let (drawn, native) = (drawn.chunks_exact(4), native.chunks_exact(4));
    let mut different = drawn.zip(native).filter(|(drawn, native)| drawn != native);
    if let Some((drawn, native)) = different.next() {
        bail!(
            "{} pixels differ from the native picture; the first is {drawn:?}, natively {native:?}",
            1 + different.count()
        );
    }
    Ok(())
}

/// Width, height and RGBA rows of a PNG.
pub(crate) fn decode(png: &[u8]) -> Result<(u32, u32, Vec<u8>)> {
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().context("the canvas is not a PNG")?;
    let size = reader
        .output_buffer_size()
        .context("the canvas is too large")?;
    let mut pixels = vec![0; size];
    let frame = reader
        .next_frame(&mut pixels)
        .context("the canvas is a broken PNG")?;
    ensure!(
        frame.color_type == png::ColorType::Rgba,
        "the canvas is {:?}",
        frame.color_type
    );
    pixels.truncate(frame.buffer_size());
    Ok((frame.width, frame.height, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_other_pixel_is_another_picture() {
        let native = [1, 2, 3, 255, 4, 5, 6, 255];
        assert!(compare_pixels(&native, &native).is_ok());
        let error = compare_pixels(&[1, 2, 3, 255, 4, 5, 7, 255], &native).unwrap_err();
        assert!(error.to_string().starts_with("1 pixels differ"), "{error}");
    }

    #[test]
    fn another_size_or_no_png_is_another_picture() {
        let mut small = Vec::new();
        let mut encoder = png::Encoder::new(&mut small, 1, 1);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[9, 8, 7, 255]).unwrap();
        writer.finish().unwrap();
        assert_eq!(decode(&small).unwrap(), (1, 1, vec![9, 8, 7, 255]));
        assert!(compare(&small).unwrap_err().to_string().contains("1×1"));
        assert!(compare(b"not a picture").is_err());
    }
}
