//! Stands for encryption where the feature `encrypt` is off: a job has no keys.

use std::sync::Arc;

use safe_state_backends::Backend;

use crate::Error;

pub(super) type Keys = ();

#[expect(clippy::unnecessary_wraps, reason = "there may be keys with the feature")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "with the feature there is more to keys")]
pub(super) fn encrypted((): &Keys, backend: Arc<dyn Backend>) -> Result<Arc<dyn Backend>, Error> {
    Ok(backend)
}

#[doc(hidden)]
#[macro_export]
macro_rules! __encrypt {
    ($job:expr, $key:expr) => {
        compile_error!("`encrypt` needs the feature `encrypt` of `safe-state`")
    };
}
