//! The operations, one canonical path each, without version prefix.

#[cfg(test)]
mod assignment_tests;
mod body;
mod change;
mod channels;
#[cfg(test)]
mod description_tests;
mod events;
mod limits;
mod listeners;
mod reader;
mod refusal;
mod sessions;
mod speakers;
mod templates;

use common::{
    access::{AccessError, Permission, Principal},
    problem::Problem,
};
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
        .routes(routes!(templates::list::list_templates, templates::create::create_template))
        .routes(routes!(
            templates::read::get_template,
            templates::update::update_template,
            templates::delete::delete_template
        ))
        .routes(routes!(templates::new_event::create_event_from_template))
        .routes(routes!(templates::from_event::save_event_as_template))
        .routes(routes!(sessions::list::list_sessions, sessions::record::record_session))
        .routes(routes!(sessions::read::get_session))
        .routes(routes!(limits::get_limits, limits::set_limits))
}

/// For operations that need more than one permission: 403 without `permission`.
fn must(principal: &Principal, permission: Permission) -> Result<(), Problem> {
    if principal.may(permission) { Ok(()) } else { Err(AccessError::Forbidden(permission).into()) }
}
