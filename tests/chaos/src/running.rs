//! `Running`: a job of a round, until it is judged.

use crate::model::Kind;
use crate::work::Handle;

/// A job whose handle is awaited, or of which only what it tells is heard.
pub(crate) struct Running {
    pub(crate) n: u32,
    pub(crate) kind: Kind,
    pub(crate) tells: bool,
    pub(crate) on_thread: bool,
    pub(crate) handle: Option<Handle>,
}

impl Running {
    /// Somebody is to abort it.
    pub(crate) fn is_aborted(&self) -> bool {
        matches!(
            self.kind,
            Kind::AbortedLater | Kind::AbortedAsync | Kind::DroppedAsync | Kind::AbortedEndless
        )
    }

    /// By its handle, or by the drop of that.
    pub(crate) fn abort(&mut self) -> Result<(), String> {
        let Some(handle) = self.handle.take() else {
            return Ok(());
        };
        if self.kind != Kind::DroppedAsync {
            handle.abort.abort();
            self.handle = Some(handle);
            return Ok(());
        }
        let Handle { outcome, abort } = handle;
        drop(outcome);
        if abort.is_finished() {
            Ok(())
        } else {
            Err(format!(
                "the drop of job {}'s handle did not abort it",
                self.n
            ))
        }
    }
}
