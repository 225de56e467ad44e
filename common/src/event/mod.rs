//! Events as the other services see them: what events-service says of one, and who may do what there.

mod agent_type;
mod config;
mod listen_access;
mod service;
mod state;

pub use agent_type::AgentType;
pub use config::{ChannelConfig, EventConfig, ListenerConfig, SpeakerConfig};
pub use listen_access::ListenAccess;
pub use service::{EventSource, EventsService};
pub use state::{EventState, UnknownState};
