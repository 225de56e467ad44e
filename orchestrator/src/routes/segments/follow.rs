//! A session's segments as they come.

use std::{sync::Arc, time::Duration};

use axum::response::sse::Event;
use common::problem::Problem;
use futures_util::{
    FutureExt as _, Stream, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use tokio::time::{sleep, timeout};
use transcript::{Entry, Position, SegmentLog};

use super::{
    item::{SegmentItem, cursor},
    page::{Part, Wanted},
};
use crate::{AppState, domain::Session, persistence::Sessions, watch::Hub};

/// As many are read at once when the rest of a session that is over is told.
const PAGE: usize = 500;
/// How often it is asked whether the session is over, whatever is told.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// When the log cannot be read.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The wanted part of the log, then everything after it, until the session is over.
pub(super) async fn follow(
    state: &AppState,
    session: Session,
    wanted: Wanted,
) -> Result<impl Stream<Item = Event> + Send + use<>, Problem> {
    let log = Arc::clone(state.live.log());
    let (history, after) = match wanted.part {
        Part::After(after) => (Vec::new(), after),
        Part::Newest => {
            let language = wanted.language.as_ref();
            let newest = log.entries_before(wanted.session, language, None, wanted.limit).await?;
            let last = newest.last().map_or(Position(0), |entry| entry.position);
            (newest, last)
        }
        Part::Before(_) => {
            return Err(Problem::bad_request("invalid_query", "a stream goes forwards: ask for after"));
        }
    };
    let languages: Vec<_> = session.languages().cloned().collect();
    let live = state.live.follow(&session.topic(), &languages, wanted.language.clone(), after);
    let hub = state.watch.hub(session.event_id);
    let over = over(hub, Arc::clone(&state.sessions), session).boxed();
    let reading = Reading { live, over, log, wanted, after, phase: Phase::Running };
    Ok(stream::iter(history).map(event).chain(stream::unfold(reading, Reading::next)))
}

/// Ends when the session does. The hub tells when it may have.
async fn over(hub: Arc<Hub>, sessions: Arc<dyn Sessions>, session: Session) {
    let mut snapshots = hub.state.clone();
    loop {
        match sessions.session(session.session_id).await {
            Ok(Some(session)) if session.state.is_running() => {}
            Ok(_) => return,
            Err(error) => tracing::debug!(%error, session.id = %session.session_id, "is it over?"),
        }
        let not_running = snapshots.wait_for(|snapshot| {
            snapshot.as_ref().is_some_and(|snapshot| !snapshot.running.contains(&session.session_id))
        });
        if timeout(ASK_EVERY, not_running).await.is_ok() {
            // What was read may be older than the session.
            sleep(AGAIN_AFTER).await;
        }
    }
}

/// One reader's place.
struct Reading {
    live: BoxStream<'static, Entry>,
    over: BoxFuture<'static, ()>,
    log: Arc<dyn SegmentLog>,
    wanted: Wanted,
    /// What the reader has.
    after: Position,
    phase: Phase,
}

enum Phase {
    /// More may be said.
    Running,
    /// Nothing more is written; these were read but not told yet.
    Over(std::vec::IntoIter<Entry>),
    /// The reader was told that it is over.
    Told,
}

impl Reading {
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            match &mut self.phase {
                Phase::Running => {
                    tokio::select! {
                        biased;
                        entry = self.live.next() => if let Some(entry) = entry {
                            return Some(self.tell(entry));
                        },
                        () = &mut self.over => {}
                    }
                    self.phase = Phase::Over(Vec::new().into_iter());
                }
                Phase::Over(read) => {
                    if let Some(entry) = read.next() {
                        return Some(self.tell(entry));
                    }
                    let more = rest(&*self.log, &self.wanted, self.after).await;
                    if more.is_empty() {
                        let data = format!("{{\"cursor\":\"{}\"}}", cursor(self.after));
                        self.phase = Phase::Told;
                        return Some((Event::default().event("end").data(data), self));
                    }
                    self.phase = Phase::Over(more.into_iter());
                }
                Phase::Told => return None,
            }
        }
    }

    fn tell(mut self, entry: Entry) -> (Event, Self) {
        self.after = entry.position;
        (event(entry), self)
    }
}

/// What the log has after `after`, a page of it.
async fn rest(log: &dyn SegmentLog, wanted: &Wanted, after: Position) -> Vec<Entry> {
    loop {
        match log.entries_after(wanted.session, wanted.language.as_ref(), after, PAGE).await {
            Ok(entries) => return entries,
            Err(error) => {
                tracing::debug!(%error, session.id = %wanted.session, "a reader waits for the log");
                sleep(AGAIN_AFTER).await;
            }
        }
    }
}

fn event(entry: Entry) -> Event {
    let item = SegmentItem::from(entry);
    // Texts and numbers: they can be written.
    let text = serde_json::to_string(&item).unwrap_or_default();
    Event::default().event("segment").id(item.cursor).data(text)
}
