//! Pages as other tools lay them out, made from what `pages` builds: nothing here is written by hand.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

use crate::pages::{self, Page};
use crate::size;
use crate::workspace;

/// Where the page laid out by `trunk` is served, from the root of the site.
pub(crate) const TRUNK_ROUTE: &str = "tests/trunk";

/// What Trunk makes of a page's `index.html`: absolute URLs, and an inline script that names both files.
const TRUNK_HTML: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wasm-mt: a page as Trunk lays it out</title>
<link rel="icon" href="data:,">
<script type="module">
import init, * as bindings from 'GLUE_URL';
const wasm = await init({ module_or_path: 'WASM_URL' });
window.wasmBindings = bindings;
dispatchEvent(new CustomEvent("TrunkApplicationStarted", {detail: {wasm}}));
</script>
<link rel="modulepreload" href="GLUE_URL" crossorigin="anonymous">
<link rel="preload" href="WASM_URL" crossorigin="anonymous" as="fetch" type="application/wasm">
</head>
<body></body>
</html>
"#;

/// Lays the `bin` page out as Trunk would, in the profile of a small release. The names are hashes of the contents, so
/// neither file's name tells the other's, and what the glue takes the module's name for is not there.
pub(crate) fn trunk(site: &Path) -> Result<()> {
    let page = pages::BIN_PAGE;
    let wasm = &pages::compile(&[page], size::PROFILE)?[page.package];
    let linked = workspace::target_dir().join("trunk");
    pages::link(wasm, &linked, page.out_name(), "web", &size::STRIP)?;

    let served = site.join(TRUNK_ROUTE);
    if served.exists() {
        fs::remove_dir_all(&served)?;
    }
    fs::create_dir_all(&served)?;
    let rename = |from: String, extension: &str| -> Result<String> {
        let contents = fs::read(linked.join(&from)).with_context(|| format!("reading {from}"))?;
        let mut hasher = DefaultHasher::new();
        contents.hash(&mut hasher);
        let name = format!("app-{:016x}.{extension}", hasher.finish());
        fs::write(served.join(&name), contents)?;
        Ok(format!("/{TRUNK_ROUTE}/{name}"))
    };
    let glue = rename(format!("{}.js", page.out_name()), "js")?;
    let wasm = rename(format!("{}_bg.wasm", page.out_name()), "wasm")?;
    let html = TRUNK_HTML
        .replace("GLUE_URL", &glue)
        .replace("WASM_URL", &wasm);
    fs::write(served.join("index.html"), html)?;
    Ok(())
}

/// Puts the worker's script beside a page that names it, as `Builder::script_url` asks for it.
pub(crate) fn worker_script(site: &Path, page: Page) -> Result<()> {
    let file = site.join(page.route).join("wasm-mt-worker.js");
    fs::write(&file, wasm_mt::WORKER_SCRIPT).with_context(|| format!("writing {}", file.display()))
}
