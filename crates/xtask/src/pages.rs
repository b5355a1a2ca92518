//! The site: pages of the project built into `target/site`, laid out as they lie in the repository, so that relative
//! links between them work in both places.
//!
//! A page is a crate with its static files beside it. cargo builds the wasm of all pages asked for in one call, and
//! wasm-bindgen, as a library, writes the glue into the page's `pkg` (and `pkg-no-modules`).

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// What a page's crate needs beside it only to be built.
const NOT_SERVED: [&str; 6] = [
    "src",
    "tests",
    "benches",
    "Cargo.toml",
    "build.rs",
    "README.md",
];

/// What wasm-bindgen writes the JavaScript as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glue {
    /// An ES module, in `pkg`.
    Web,
    /// A classic script that declares one global, in `pkg-no-modules`.
    NoModules,
}

impl Glue {
    fn target(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::NoModules => "no-modules",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Web => "pkg",
            Self::NoModules => "pkg-no-modules",
        }
    }
}

/// A crate that is a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The package, as cargo knows it.
    pub(crate) package: &'static str,
    /// The crate's folder, from the root of the repository.
    pub(crate) folder: &'static str,
    /// Where the page is served, from the root of the site, without slashes around it.
    pub(crate) route: &'static str,
    /// The glue it is built with.
    pub(crate) glue: &'static [Glue],
}

impl Page {
    /// The path of its glue script on the server.
    pub(crate) fn script(&self, glue: Glue) -> String {
        format!("/{}/{}/{}.js", self.route, glue.folder(), self.out_name())
    }

    /// The path of its module on the server.
    pub(crate) fn module(&self, glue: Glue) -> String {
        format!(
            "/{}/{}/{}_bg.wasm",
            self.route,
            glue.folder(),
            self.out_name()
        )
    }

    /// The name of its glue script: the last part of its folder.
    pub(crate) fn out_name(&self) -> &'static str {
        self.folder.rsplit('/').next().unwrap_or(self.folder)
    }
}

/// A thread, a job, an answer: the program that README shows.
pub(crate) const HELLO: Page = Page {
    package: "example-hello",
    folder: "examples/hello",
    route: "hello",
    glue: &[Glue::Web],
};

/// Pictures by a pool of workers: the page that `bench images` measures.
pub(crate) const IMAGES: Page = Page {
    package: "example-images",
    folder: "examples/images",
    route: "images",
    glue: &[Glue::Web],
};

/// Julia sets to walk about in, and what work stealing gains.
pub(crate) const JULIA: Page = Page {
    package: "example-julia",
    folder: "examples/julia",
    route: "julia",
    glue: &[Glue::Web],
};

/// Three programs that are also native ones and WASI guests.
pub(crate) const WORLDS: Page = Page {
    package: "example-worlds",
    folder: "examples/worlds",
    route: "worlds",
    glue: &[Glue::Web],
};

/// A page that is built with each kind of glue.
pub(crate) const fn with_both(
    package: &'static str,
    folder: &'static str,
    route: &'static str,
) -> Page {
    Page {
        package,
        folder,
        route,
        glue: &[Glue::Web, Glue::NoModules],
    }
}

/// The pages of the gallery. Those with both load the classic script by `?glue=no-modules`.
pub(crate) const EXAMPLES: [Page; 12] = [
    HELLO,
    with_both("example-parallel", "examples/parallel", "parallel"),
    JULIA,
    IMAGES,
    WORLDS,
    with_both("example-exec", "examples/exec", "exec"),
    with_both("example-fib", "examples/fib", "fib"),
    with_both("example-executors", "examples/executors", "executors"),
    with_both(
        "example-arraybuffers",
        "examples/arraybuffers",
        "arraybuffers",
    ),
    with_both("example-pool-exec", "examples/pool_exec", "pool_exec"),
    with_both("example-http", "examples/http", "http"),
    with_both(
        "example-pool-arraybuffers",
        "examples/pool_arraybuffers",
        "pool_arraybuffers",
    ),
];

/// The page that runs a named case, once with each kind of glue.
pub(crate) const CASES: Page = with_both("wasm-mt-test-pages", "tests/pages", "tests/pages");

/// The page that is a `bin` crate whose `main` belongs to the page.
pub(crate) const BIN_PAGE: Page =
    with_both("wasm-mt-test-bin-page", "tests/bin-page", "tests/bin-page");

/// The pages under a strict content security policy.
pub(crate) const STRICT_PAGE: Page = Page {
    package: "wasm-mt-test-strict-page",
    folder: "tests/strict-page",
    route: "tests/strict-page",
    glue: &[Glue::Web],
};

/// The page of the chaos soak.
pub(crate) const CHAOS: Page = Page {
    package: "wasm-mt-test-chaos",
    folder: "tests/chaos",
    route: "tests/chaos",
    glue: &[Glue::Web],
};

/// `hello` without the library's feature `module`. No page: no browser runs what bundlers take as input.
const BUNDLER: Page = Page {
    package: "wasm-mt-test-bundler",
    folder: "tests/bundler",
    route: "tests/bundler",
    glue: &[],
};

/// The page of the browser benchmark.
pub(crate) const BENCH: Page = Page {
    package: "wasm-mt-benches",
    folder: "benches",
    route: "benches",
    glue: &[Glue::Web],
};

/// Builds `pages` and the gallery's own files into the site, and gives the site's folder. What did not change is not
/// built again.
pub(crate) fn build(pages: &[Page]) -> Result<PathBuf> {
    build_with(pages, "")
}

/// Builds [`BENCH`] with all that can be measured in its module.
pub(crate) fn build_bench() -> Result<PathBuf> {
    build_with(&[BENCH], "peers")
}

fn build_with(pages: &[Page], features: &str) -> Result<PathBuf> {
    let site = workspace::target_dir().join("site");
    copy_files(&workspace::root().join("examples"), &site)?;
    // Pages refer to them.
    copy_files(&workspace::root().join("docs"), &site.join("docs"))?;
    let modules = compile_with(pages, "release", features)?;
    for page in pages {
        let wasm = &modules[page.package];
        let served = site.join(page.route);
        copy_static(&workspace::root().join(page.folder), &served)
            .with_context(|| format!("copying the files of {}", page.folder))?;
        for &glue in page.glue {
            bind(wasm, &served.join(glue.folder()), page.out_name(), glue).with_context(|| {
                format!("writing the {} glue of {}", glue.target(), page.package)
            })?;
        }
    }
    Ok(site)
}

/// Lays what the cases need beside their page: another build of it in `pkg-other`, and the worker's script as it would be in
/// another version.
pub(crate) fn build_for_cases(site: &Path) -> Result<()> {
    let served = site.join(CASES.route);
    let modules = compile_with(&[CASES], "release", "other")?;
    let other = served.join("pkg-other");
    bind(&modules[CASES.package], &other, CASES.out_name(), Glue::Web)?;
    let script = wasm_mt::WORKER_SCRIPT;
    let version = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
    ensure!(
        script.contains(&version),
        "the worker's script does not say its version"
    );
    fs::write(
        served.join("other-version.js"),
        script.replace(&version, "\"0.0.0\""),
    )?;
    Ok(())
}

/// Builds the wasm of each page in a profile of the workspace; the paths by package.
pub(crate) fn compile(pages: &[Page], profile: &str) -> Result<HashMap<&'static str, PathBuf>> {
    compile_with(pages, profile, "")
}

/// As [`compile`], with a comma-separated list of features.
fn compile_with(
    pages: &[Page],
    profile: &str,
    features: &str,
) -> Result<HashMap<&'static str, PathBuf>> {
    eprintln!("building {} page(s) for {TARGET}, {profile} …", pages.len());
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--profile",
        profile,
        "--target",
        TARGET,
        "--message-format",
        "json-render-diagnostics",
        "--features",
        features,
    ]);
    for page in pages {
        cargo.args(["--package", page.package]);
    }
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo")?;
    ensure!(
        output.status.success(),
        "cargo could not build the pages ({})",
        output.status
    );

    let mut modules = HashMap::new();
    for line in output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|line| line.starts_with(b"{"))
    {
        let message: serde_json::Value =
            serde_json::from_slice(line).context("reading what cargo built")?;
        let manifest = message["manifest_path"].as_str().map(Path::new);
        let Some(page) = pages
            .iter()
            .find(|page| manifest == Some(&workspace::root().join(page.folder).join("Cargo.toml")))
        else {
            continue;
        };
        let files = message["filenames"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str());
        if let Some(wasm) = files
            .map(PathBuf::from)
            .find(|name| name.extension().is_some_and(|e| e == "wasm"))
        {
            modules.insert(page.package, wasm);
        }
    }
    if let Some(page) = pages
        .iter()
        .find(|page| !modules.contains_key(page.package))
    {
        bail!(
            "{} gave no wasm: its crate must be a `cdylib` or a `bin`",
            page.package
        );
    }
    Ok(modules)
}

/// Runs wasm-bindgen, unless `folder` already holds the glue of this very module.
///
/// The contents are compared and not the times: cargo also puts an older file in place when features change back.
pub(crate) fn bind(wasm: &Path, folder: &Path, name: &str, glue: Glue) -> Result<()> {
    let mut hasher = DefaultHasher::new();
    fs::read(wasm)?.hash(&mut hasher);
    let mark = format!("{:016x}", hasher.finish());
    let mark_file = folder.join(".made-from");
    if fs::read_to_string(&mark_file).is_ok_and(|made_from| made_from == mark) {
        return Ok(());
    }
    eprintln!("wasm-bindgen: {name} for {} …", glue.target());
    link(wasm, folder, name, glue.target(), &[])?;
    // Last, so that a run that was cut short is done again.
    fs::write(mark_file, mark)?;
    Ok(())
}

/// wasm-bindgen: the module and its glue, for a target of wasm-bindgen's, into a folder that then holds nothing else.
pub(crate) fn link(
    wasm: &Path,
    folder: &Path,
    name: &str,
    target: &str,
    more: &[&str],
) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let args: [OsString; 9] = [
        "wasm-bindgen".into(),
        wasm.into(),
        "--target".into(),
        target.into(),
        "--no-typescript".into(),
        "--out-name".into(),
        name.into(),
        "--out-dir".into(),
        folder.into(),
    ];
    let args = args.into_iter().chain(more.iter().map(OsString::from));
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(args)
}

/// Fails when a program that uses the library without its feature `module` does not link with `--target bundler`.
pub(crate) fn links_for_bundlers() -> Result<String> {
    // Alone: built along with others it would get the features that they ask for.
    let wasm = &compile(&[BUNDLER], "release")?[BUNDLER.package];
    let folder = workspace::target_dir().join("bundler");
    link(wasm, &folder, BUNDLER.out_name(), "bundler", &[])?;
    Ok("without the feature `module`".to_owned())
}

/// Copies the files, not the folders, of the gallery.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Copies a page's static files and takes away those that are no longer there.
fn copy_static(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if NOT_SERVED.iter().any(|not_served| name == *not_served) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_static(&entry.path(), &to.join(&name))?;
        } else {
            copy(&entry.path(), &to.join(&name))?;
        }
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !from.join(entry.file_name()).exists() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}
