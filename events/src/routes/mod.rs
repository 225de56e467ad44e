//! The operations, one canonical path each, without version prefix.

mod body;
mod change;
mod channels;
mod events;
mod listeners;
mod reader;
mod refusal;
mod speakers;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use body::EventBody;

use crate::AppState;

/// Everything that events-service answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(events::list::list_events, events::create::create_event))
        .routes(routes!(events::read::get_event, events::update::update_event, events::delete::delete_event))
        .routes(routes!(events::state::change_event_state))
        .routes(routes!(channels::list::list_channels, channels::create::create_channel))
        .routes(routes!(
            channels::read::get_channel,
            channels::update::update_channel,
            channels::delete::delete_channel
        ))
        .routes(routes!(speakers::list_speakers, speakers::assign_speaker))
        .routes(routes!(speakers::unassign_speaker))
        .routes(routes!(listeners::list_listeners, listeners::assign_listener))
        .routes(routes!(listeners::unassign_listener))
}
