//! How a command fails: one line, a hint, an exit code.

use std::fmt;

use common::config::{ConfigError, EXIT_CONFIG};

/// Why a command ended before its work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What is wrong, one line (a list of configuration mistakes: one line each).
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The process' exit code.
    pub(crate) exit_code: u8,
}

/// The kinds of failure that scripts tell apart, with the exit codes of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Arguments or variables are wrong.
    Usage,
    /// What a file holds cannot be taken.
    Data,
    /// A file cannot be read.
    NoInput,
    /// A server, program or port that is needed is not there.
    Unavailable,
    /// A file cannot be written.
    CannotCreate,
    /// Key, secret or token are refused, or we were sent away.
    Refused,
    /// Everything else.
    Other,
}

impl Kind {
    fn exit_code(self) -> u8 {
        match self {
            Self::Usage => EXIT_CONFIG as u8,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::CannotCreate => 73,
            Self::Refused => 77,
            Self::Other => 1,
        }
    }
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit_code: kind.exit_code() }
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.exit_code == kind.exit_code()
    }

    /// The same with a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// So that an agent can give up with it.
impl std::error::Error for Failure {}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Kind::Usage, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_and_a_hint() {
        let failure = Failure::new(Kind::Unavailable, "port 1 is taken").hint("use another");
        assert_eq!(failure.to_string(), "error: port 1 is taken\nhint: use another");
        assert_eq!(failure.exit_code, 69);
        assert_eq!(Failure::new(Kind::Usage, "").exit_code, 64);
    }
}
