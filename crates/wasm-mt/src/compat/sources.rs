//! [`Sources`]: what glue and module the workers of 0.1's threads load, as the program gave them. Lives with the owner, in a
//! [`WasmMt`](crate::WasmMt) or in a pool of 0.1's form.

use js_sys::{ArrayBuffer, WebAssembly};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::builder::{Builder, Config};
use crate::error::StartError;
use crate::sys::{GlueSource, ModuleSource};

/// Where glue and module come from.
#[derive(Clone)]
pub struct Sources {
    glue: Result<GlueSource, StartError>,
    /// The program's own where none was given.
    module: Option<ModuleSource>,
}

impl Sources {
    /// The glue script of this URL, and the program's own module.
    pub fn url(pkg_js_uri: &str) -> Self {
        Sources {
            glue: Ok(GlueSource::url(pkg_js_uri.into())),
            module: None,
        }
    }

    /// The glue script of this text, and the module of these bytes.
    pub fn array_buffers(ab_js: &ArrayBuffer, ab_wasm: ArrayBuffer) -> Self {
        Sources {
            glue: GlueSource::script(ab_js),
            module: Some(ModuleSource::Bytes(ab_wasm.into())),
        }
    }

    /// The glue that a function of this text makes, and the module of these bytes.
    pub(super) fn ab_init(ab_init: &ArrayBuffer, ab_wasm: ArrayBuffer) -> Self {
        Sources {
            glue: GlueSource::init(ab_init),
            module: Some(ModuleSource::Bytes(ab_wasm.into())),
        }
    }

    /// Has the glue made by a function of this text.
    pub fn set_ab_init(&mut self, ab: &ArrayBuffer) {
        self.glue = GlueSource::init(ab);
    }

    pub(super) fn set_ab_wasm(&mut self, ab: ArrayBuffer) {
        self.module = Some(ModuleSource::Bytes(ab.into()));
    }

    /// The same, its module compiled where that was given as bytes.
    ///
    /// # Errors
    /// Where what was given cannot be used.
    pub async fn compiled(self) -> Result<Self, JsValue> {
        let glue = self.glue?;
        let module = match self.module {
            Some(ModuleSource::Bytes(bytes)) => {
                let module = JsFuture::from(WebAssembly::compile(&bytes)).await?;
                Some(ModuleSource::Module(module.unchecked_into(), Some(bytes)))
            }
            module => module,
        };
        Ok(Sources {
            glue: Ok(glue),
            module,
        })
    }

    /// Takes over what was compiled, unless another module was set meanwhile.
    pub(super) fn take_compiled(&mut self, compiled: Self) {
        if let (Some(ModuleSource::Bytes(now)), Some(ModuleSource::Module(_, Some(bytes)))) =
            (&self.module, &compiled.module)
            && now == bytes
        {
            self.module = compiled.module;
        }
    }

    /// The settings of a thread that loads them.
    ///
    /// # Errors
    /// Where the glue cannot be used.
    pub fn config(self) -> Result<Config, StartError> {
        let mut config = Builder::new().config;
        config.sys.glue = Some(self.glue?);
        config.sys.module = self.module;
        Ok(config)
    }
}
