//! What can go wrong between us and a model.

use std::time::Duration;

/// Why an endpoint gave no usable answer. [`InferenceError::is_retryable`] says whether asking again may help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferenceError {
    /// The deadline passed while the endpoint was cold, busy or away. A later call may succeed.
    #[error("no answer within {}: {last}", humantime(*.waited))]
    Deadline {
        /// How long we tried.
        waited: Duration,
        /// What the last attempt ended with.
        last: String,
    },
    /// The connection could not be made or broke off. A retry may succeed.
    #[error("endpoint not reached: {0}")]
    Unreachable(String),
    /// The endpoint says it is loading or busy (503, 429, other 5xx). A retry may succeed, not before `retry_after`.
    #[error("endpoint answered {status}: {detail}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long the endpoint asks us to wait.
        retry_after: Option<Duration>,
        /// What it said, shortened.
        detail: String,
    },
    /// The endpoint refuses this request (4xx): wrong token, wrong address, unusable input. A retry does not help.
    #[error("endpoint refused the request with {status}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, shortened.
        detail: String,
    },
    /// The answer is not what the API promises, or larger than allowed. A retry does not help.
    #[error("unusable answer: {0}")]
    InvalidAnswer(String),
    /// The client itself cannot work: no usable root certificates, or a token that no header can carry. A retry does
    /// not help.
    #[error("the client cannot be set up: {0}")]
    Setup(String),
    /// This engine does not know the language. A retry does not help.
    #[error("language {0} is not supported by this engine")]
    UnsupportedLanguage(common::LanguageTag),
}

impl InferenceError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Deadline { .. } | Self::Unreachable(_) | Self::Unavailable { .. } => true,
            Self::Refused { .. } | Self::InvalidAnswer(_) | Self::Setup(_) | Self::UnsupportedLanguage(_) => {
                false
            }
        }
    }
}

fn humantime(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
