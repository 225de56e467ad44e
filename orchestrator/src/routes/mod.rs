//! The operations, one canonical path each, without version prefix.

#[cfg(test)]
mod description_tests;
mod event_config;
mod pass;
mod presence;
mod reader;
mod segments;
mod session_reader;
mod sessions;
mod transcript;
mod watch;
mod webhook;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::segments::SegmentItem;
use crate::AppState;

/// Everything that the live-service answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sessions::list::list_sessions))
        .routes(routes!(sessions::read::get_session))
        .routes(routes!(sessions::start::start_session))
        .routes(routes!(sessions::stop::stop_session))
        .routes(routes!(webhook::livekit_webhook))
        .routes(routes!(presence::join_live))
        .routes(routes!(presence::leave_live))
        .routes(routes!(presence::live_stats))
        .routes(routes!(event_config::get_event_config))
        .routes(routes!(watch::watch_event))
        .routes(routes!(segments::list::list_segments, segments::write::write_segments))
        .routes(routes!(segments::untranslated::list_untranslated))
        .routes(routes!(transcript::get_transcript))
}
