//! What rooms, participants and tokens are.

mod identity;
mod issued_token;
mod room_name;
mod webhook_event;

pub use identity::Identity;
pub(crate) use identity::Standing;
pub use issued_token::{IssuedToken, TokenRole, UnknownRole};
pub use room_name::{NotOurRoom, RoomName};
pub use webhook_event::WebhookEvent;
