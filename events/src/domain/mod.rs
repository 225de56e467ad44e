//! What events are, and what may become of them. Knows nothing of HTTP and of stores.

mod change;
mod channel;
mod event;
mod instant;
mod language;
mod session;
mod template;
mod text;
mod timezone;
mod viewer;

pub use change::{
    Change, Changed, ChannelPatch, EventPatch, NewChannel, Refusal, check_times, number_channels, present,
};
pub use channel::{Channel, Glossary, MAX_CHANNELS, MAX_TARGET_LANGUAGES};
pub use common::event::{AgentType, EventState, ListenAccess, UnknownState};
pub use event::{Event, Listener, MAX_LISTENERS, MAX_SPEAKERS, Speaker, draw_event_id};
pub use instant::{Instant, InvalidInstant};
pub use language::{InvalidLanguage, Language};
pub use session::{
    AgentRecord, Artefact, ArtefactKind, Format, Location, PeakListeners, Relation, SessionId, SessionRecord,
    SessionStatus, Sha256, StoredSession,
};
pub use template::{
    DEFAULT_DURATION_MINUTES, EventFromTemplate, MAX_DURATION_MINUTES, NewTemplate, Template, TemplateId,
    TemplatePatch,
};
pub use text::{Description, InvalidText, Name, Search, Term, Title};
pub use timezone::{Timezone, UnknownTimezone};
pub use viewer::Viewer;
