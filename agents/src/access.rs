//! What opens the room: a key of our own, or tokens that somebody else makes.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use common::config::Secret;

/// How a job gets into its room. Each joining is with a new token.
#[derive(Clone)]
pub enum Access {
    /// The server's API key is ours: we make the room and sign the tokens.
    Key {
        /// The server: `ws://`, `wss://`, `http://` or `https://`.
        url: String,
        /// Its API key.
        api_key: String,
        /// The key's secret.
        api_secret: Secret,
    },
    /// Somebody else knows the server and makes the tokens, which then say what we may do and how we are shown.
    Tokens(Arc<dyn TokenSource>),
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { url, api_key, .. } => {
                f.debug_struct("Key").field("url", url).field("api_key", api_key).finish_non_exhaustive()
            }
            Self::Tokens(_) => f.debug_struct("Tokens").finish_non_exhaustive(),
        }
    }
}

/// Makes tokens for one participant of one room.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A token that opens the room now. It is asked for at each joining: the first, and after every lost connection.
    ///
    /// An answer that takes longer than ten seconds is given up; the future is dropped then.
    async fn token(&self) -> Result<RoomToken, TokenSourceError>;
}

/// A token, and the server that takes it.
#[derive(Clone, Debug)]
pub struct RoomToken {
    /// The server: `ws://`, `wss://`, `http://` or `https://`.
    pub url: String,
    /// A LiveKit access token.
    pub token: Secret,
}

/// There is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenSourceError {
    /// The source is away or busy. A retry helps.
    #[error("{0}")]
    Unavailable(String),
    /// The source will not make one. A retry does not help.
    #[error("{0}")]
    Refused(String),
}
