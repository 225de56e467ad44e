//! Programs of this machine.

use std::{env, path::PathBuf};

use super::Missing;

/// Where `program` is on `PATH`.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The report that `program`, of Debian's `package`, is not installed; `None` when it is.
pub(super) fn missing(program: &str, package: &'static str) -> Option<Missing> {
    find(program).is_none().then(|| Missing { package, what: format!("program {program}") })
}
