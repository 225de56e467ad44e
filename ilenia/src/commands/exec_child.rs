//! `ilenia exec-child PARENT PROGRAM…`: becomes a program that the kernel ends together with its parent.
//!
//! A child outlives a parent that is killed, and would keep the ports. `PR_SET_PDEATHSIG` prevents that, but it has to be
//! set within the child: so the child is this program first, and then turns into the other.

use std::{ffi::OsString, os::unix::process::CommandExt as _, process::Command};

use crate::failure::{Failure, Kind};

#[derive(Debug, clap::Args)]
pub(crate) struct ExecChildArguments {
    /// The process id of the parent
    parent: i32,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<OsString>,
}

impl ExecChildArguments {
    /// Returns only when it failed.
    pub(crate) fn run(self) -> Failure {
        let [program, arguments @ ..] = self.program.as_slice() else {
            return Failure::new(Kind::Usage, "no program");
        };
        if let Err(error) = end_with_parent(self.parent) {
            return Failure::new(Kind::Other, error);
        }
        let error = Command::new(program).args(arguments).exec();
        Failure::new(Kind::Unavailable, format!("cannot start {}: {error}", program.display()))
    }
}

#[cfg(target_os = "linux")]
fn end_with_parent(parent: i32) -> Result<(), String> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("PR_SET_PDEATHSIG: {error}"))?;
    // It may have died before the signal was asked for.
    if getppid().is_some_and(|now| now.as_raw_nonzero().get() == parent) {
        Ok(())
    } else {
        Err("the parent is gone".to_owned())
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent(_parent: i32) -> Result<(), String> {
    Ok(())
}

/// A command line that runs `program` so that it ends with this process, however this process ends.
///
/// The thread that spawns it counts as the parent: it has to live as long as the child should.
pub(crate) fn bound_to_this_process(program: impl Into<OsString>) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg("exec-child").arg(std::process::id().to_string()).arg(program.into());
    command
}
