//! What sessions are, and what may become of them. Knows nothing of HTTP, of stores and of rooms.

mod session;

pub use session::{AgentStatus, Session, SessionAgent, SessionState};
