//! Agents in LiveKit rooms: the framework, and the agents of Ilenia that are built on it.
//!
//! An agent is one async function, or one implementation of [`Agent`]. It is given a [`JobContext`]: the room, the
//! audio of those who speak, captions in both directions, audio tracks of its own, and the token that tells it to end.
//! [`connect()`] runs it in a room and brings it back after every interruption, without the agent noticing.
//!
//! ```no_run
//! # async fn example(options: agents::ConnectOptions) -> Result<(), agents::AgentError> {
//! let greeter = |ctx: agents::JobContext| async move {
//!     let mut captions = ctx.captions().subscribe();
//!     while let Some(caption) = captions.recv().await {
//!         tracing::info!(segment.id = %caption.segment.id, "somebody said something");
//!     }
//!     Ok(())
//! };
//! agents::connect(options, greeter, agents::CancellationToken::new()).await
//! # }
//! ```

mod access;
mod agent;
pub mod asr;
mod audio;
mod backoff;
pub mod captions;
mod connect;
mod context;
mod error;
mod followers;
pub mod mt;
mod rejoin;
mod segment_log;
mod session;
pub mod token;
pub mod worker;

pub use access::{Access, RoomToken, TokenSource, TokenSourceError};
pub use agent::{Agent, AgentResult};
pub use audio::{AudioFrames, AudioTrackWriter, SpeakerTrack, Speakers};
pub use connect::{ConnectOptions, connect};
pub use context::JobContext;
pub use error::AgentError;
pub use segment_log::SegmentLog;
pub use tokio_util::sync::CancellationToken;
