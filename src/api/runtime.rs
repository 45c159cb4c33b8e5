//! The async runtime, for callers that have none.

use std::future::Future;

use crate::domain::{Failure, Result};

/// Runs `future` to its end on this thread.
///
/// A name lookup that hangs in the background does not hold up the return.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Failure::failed(format!("cannot set up network waiting: {error}")))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_that_hangs_in_the_background_holds_nothing_up() {
        let (release, hold) = mpsc::channel::<()>();
        let done = block_on(async {
            tokio::task::spawn_blocking(move || hold.recv());
            Ok(7_u8)
        });
        assert_eq!(done, Ok(7));
        drop(release);
    }
}
