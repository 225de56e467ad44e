//! `GET /events/{event_id}/watch`

use std::{future::ready, sync::Arc};

use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use common::{
    LanguageTag,
    access::Permission,
    ids::EventId,
    problem::{Path, Problem, Query},
};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, WatchStream};
use utoipa::IntoParams;

use super::{pass::Pass, reader::Reader};
use crate::{
    AppState,
    presence::Counts,
    watch::{Caption, Hub},
};

/// Whoever may know of events, or read what is said in them.
const NEEDS: &[Permission] = &[Permission::EventsRead, Permission::TranscriptsRead];

/// What is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchQuery {
    /// Captions in this language only.
    language: Option<LanguageTag>,
}

/// Watch an event
///
/// A stream of server-sent events, from now on: `state` (the event, its running sessions and their agents) and
/// `listeners` (how many, by language) at once and whenever they change; `caption` (a segment, with its `session_id` and
/// `channel_id`) as it is said; `gap` when the client was too slow for captions. It ends when the token does. What was
/// said before, and without gaps, is at `/sessions/{session_id}/segments`. Public events need no account.
#[utoipa::path(
    get, path = "/events/{event_id}/watch", tag = "events",
    security((), ("bearer" = ["events:read"]), ("bearer" = ["transcripts:read"])),
    params(("event_id" = EventId, Path, description = "Which event"), WatchQuery),
    responses((status = 200, description = "The stream", content_type = "text/event-stream", body = String,
        example = "event: state\ndata: {\"event_id\":123457,\"state\":\"ready\",\"sessions\":[]}\n\nevent: listeners\ndata: {\"en-US\":0,\"es-ES\":3}\n\n"))
)]
pub(super) async fn watch_event(
    reader: Reader,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    Query(query): Query<WatchQuery>,
) -> Result<Response, Problem> {
    let event = reader.event(&state, event_id, NEEDS).await?;
    let runs_it = reader.principal.as_ref().is_some_and(|principal| event.is_run_by(principal));
    let hub = state.watch.hub(event_id);
    let events = stream::select_all([
        states(&hub, runs_it).boxed(),
        listeners(state.presence.watch(event_id)).boxed(),
        captions(hub.captions(), query.language).boxed(),
    ]);
    let events = events.map(move |event| {
        // It reads for as long as somebody watches.
        let _reads = &hub;
        event
    });
    Ok(Pass { reader, state, event_id, any_of: NEEDS }.stream(events))
}

/// The event and its sessions, whenever what this reader sees of them changes.
fn states(hub: &Hub, runs_it: bool) -> impl Stream<Item = Event> + Send + use<> {
    let snapshots = WatchStream::new(hub.state.clone()).filter_map(ready);
    let texts = snapshots
        .map(move |snapshot| Arc::clone(if runs_it { &snapshot.for_staff } else { &snapshot.for_others }));
    changes(texts).map(|text| Event::default().event("state").data(text))
}

/// How many listen, whenever that changes. Nothing is told before everybody was counted.
fn listeners(counts: tokio::sync::watch::Receiver<Arc<Counts>>) -> impl Stream<Item = Event> + Send {
    let totals = WatchStream::new(counts).filter(|counts| ready(!counts.total.is_empty()));
    let texts = totals.map(|counts| {
        // Texts and numbers: they can be written.
        Arc::<str>::from(serde_json::to_string(&counts.total).unwrap_or_default())
    });
    changes(texts).map(|text| Event::default().event("listeners").data(text))
}

fn captions(
    captions: broadcast::Receiver<Arc<Caption>>,
    language: Option<LanguageTag>,
) -> impl Stream<Item = Event> + Send {
    BroadcastStream::new(captions).filter_map(move |caption| {
        ready(match caption {
            Ok(caption) if language.as_ref().is_none_or(|language| *language == caption.language) => {
                Some(Event::default().event("caption").data(&caption.text))
            }
            Ok(_other_language) => None,
            Err(_lagged) => Some(Event::default().event("gap").data("{}")),
        })
    })
}

/// Leaves out what is the same as before.
fn changes(texts: impl Stream<Item = Arc<str>> + Send) -> impl Stream<Item = Arc<str>> + Send {
    let mut last: Option<Arc<str>> = None;
    texts.filter_map(move |text| {
        let differs = last.as_ref() != Some(&text);
        last = Some(Arc::clone(&text));
        ready(differs.then_some(text))
    })
}

#[cfg(test)]
mod tests;
