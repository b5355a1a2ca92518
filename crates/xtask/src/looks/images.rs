//! The page `images`: its pictures are made and developed, some are cancelled, some refused; and each thumbnail must be, pixel
//! by pixel, the same however it was made and drawn.

use anyhow::{Result, ensure};

use crate::browser::Browser;
use crate::serve::Server;
use crate::webdriver::Session;

/// Waits until each tile that is done shows a thumbnail, and gives a sum of each one's pixels. A canvas that was handed over
/// shows what a worker drew a little after the worker has said so, and no event tells; in Firefox only when it is in view.
const THUMBNAILS: &str = "
    const done = arguments[0];
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const canvases = [...document.querySelectorAll('.tile[data-state=done] canvas')];
    const seen = (canvas) => {
        const { width, height } = canvas;
        if (width < 100) return null;
        Object.assign(context.canvas, { width, height });
        context.drawImage(canvas, 0, 0);
        const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
        if (new Set(pixels).size < 100) return null;
        const sum = pixels.reduce((sum, pixel) => Math.imul(sum, 31) + pixel | 0, 0);
        return `${width}x${height}:${sum}`;
    };
    const look = () => {
        const all = canvases.map(seen);
        if (all.includes(null)) setTimeout(look, 200);
        else {
            // Back to the buttons: a driver may not wait until a page that scrolls smoothly is there.
            scrollTo({ top: 0, behavior: 'instant' });
            done(all.join(' '));
        }
    };
    document.querySelector('#tiles').scrollIntoView({ behavior: 'instant' });
    // In Firefox a canvas that was read before it was painted has been seen to stay blank.
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(look)));
";

/// Runs all again, and as soon as the first picture was handed out, cancels it and the last one, which waits. Both are sure
/// not to be done by then: that comes in later turns.
const CANCEL_TWO: &str = "
    const tile = (name) => [...document.querySelectorAll('.tile')].find((tile) => tile.textContent.includes(name));
    const [first, last] = [tile('mountains-01'), tile('mountains-06')];
    new MutationObserver((_, observer) => {
        if (first.dataset.state !== 'working') return;
        observer.disconnect();
        for (const cancelled of [first, last]) cancelled.querySelector('button').click();
    }).observe(first, { attributes: true });
    document.querySelector('#again').click();
";

/// What the tile of a file says.
const TILES: &str = "
    return [...document.querySelectorAll('.tile')]
        .map((tile) => `${tile.dataset.state}: ${tile.innerText.replaceAll('\\n', ' ')}`).join('\\n')
";

/// Uses the page as a person would, with thumbnails drawn `by` a worker or the page.
///
/// In Firefox 153 what a worker draws on a canvas of the page is not sure to be seen, so that the page draws there by
/// default: what is held then is that it does, and that the rest goes on.
pub(super) async fn check(
    session: &Session,
    server: &Server,
    browser: Browser,
    by: &str,
) -> Result<String> {
    let is_seen = !(browser == Browser::Firefox && by == "worker");
    if !is_seen {
        session
            .goto(&server.url("/images/?workers=2&pictures=6"))
            .await?;
        session.text("#draws", "drawn by the page").await?;
    }
    // By two workers: then two of the six wait for their turn.
    let url = server.url(&format!("/images/?draw={by}&workers=2&pictures=6"));
    session.goto(&url).await?;
    session.text("#status", "ready").await?;
    let drawn = if by == "worker" { "workers" } else { "page" };
    let drawn = format!("by the {drawn}, as the address asks");
    session.text("#draws", &drawn).await?;
    session.click("#samples").await?;
    session
        .text("#status", "done: 6 pictures by 2 workers")
        .await?;
    let by_pool = match is_seen {
        true => Some(session.ask(THUMBNAILS).await?),
        false => None,
    };

    session.click("#broken").await?;
    session
        .text("#status", "done: 0 pictures, 2 refused")
        .await?;
    let tiles = tiles(session).await?;
    for refused in ["damaged.jpg", "absurd.png"] {
        ensure!(
            tiles
                .lines()
                .any(|tile| tile.starts_with("failed") && tile.contains(refused)),
            "{refused} is not refused: {tiles}"
        );
    }
    ensure!(tiles.contains("20000 × 20000 pixels are more"), "{tiles}");

    session.run(CANCEL_TWO).await?;
    let two = "done: 4 pictures, 2 refused, 2 cancelled by 2 workers";
    session.text("#status", two).await?;

    session.click("#by-page").await?;
    session.click("#again").await?;
    let status = session
        .text("#status", "done: 6 pictures, 2 refused by the main thread")
        .await?;
    let by_page = session.ask(THUMBNAILS).await?;
    if let Some(by_pool) = by_pool {
        ensure!(
            by_page == by_pool,
            "the thumbnails of the main thread are others than those of the pool: {by_page} {by_pool}"
        );
    }
    for (id, unit) in [
        ("last", " ms"),
        ("longest", " ms"),
        ("memory-workers", " MB"),
    ] {
        session.text(&format!("#{id}"), unit).await?;
    }
    Ok(status)
}

async fn tiles(session: &Session) -> Result<String> {
    let tiles = session.run(TILES).await?;
    Ok(tiles.as_str().unwrap_or_default().to_owned())
}
