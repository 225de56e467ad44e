//! What is said in the running sessions of an event, for all who watch.

use std::{collections::HashMap, sync::Arc, time::Duration};

use common::{
    LanguageTag,
    ids::{ChannelId, SessionId},
};
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::{
    sync::broadcast,
    task::AbortHandle,
    time::{Instant, sleep},
};
use transcript::{Entry, Live, Position};

use crate::{domain::Session, routes::SegmentItem};

/// What was said last in a session is still on its way when it is over.
const AFTER_THE_END: Duration = Duration::from_secs(5);
/// When the log cannot be read.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A caption, ready to be sent.
#[derive(Debug)]
pub(crate) struct Caption {
    /// In this language.
    pub(crate) language: LanguageTag,
    /// JSON.
    pub(crate) text: String,
}

/// What the event `caption` says.
#[derive(Serialize)]
struct CaptionBody {
    session_id: SessionId,
    channel_id: ChannelId,
    #[serde(flatten)]
    item: SegmentItem,
}

/// Follows the running sessions of an event.
pub(super) struct Captions {
    live: Live,
    told: broadcast::Sender<Arc<Caption>>,
    /// Whether sessions were told of before: those that come later are followed from their beginning.
    begun: bool,
    followed: HashMap<SessionId, Followed>,
}

struct Followed {
    task: AbortHandle,
    over_since: Option<Instant>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Captions {
    pub(super) fn new(live: Live, told: broadcast::Sender<Arc<Caption>>) -> Self {
        Self { live, told, begun: false, followed: HashMap::new() }
    }

    /// These sessions run now.
    pub(super) fn follow(&mut self, running: &[Session]) {
        for session in running {
            self.followed.entry(session.session_id).or_insert_with(|| {
                let from_start = self.begun;
                let task = follow(self.live.clone(), self.told.clone(), session.clone(), from_start);
                Followed { task: tokio::spawn(task).abort_handle(), over_since: None }
            });
        }
        self.begun = true;
        self.followed.retain(|session_id, followed| {
            if running.iter().any(|session| session.session_id == *session_id) {
                return true;
            }
            followed.over_since.get_or_insert_with(Instant::now).elapsed() < AFTER_THE_END
        });
    }
}

async fn follow(live: Live, told: broadcast::Sender<Arc<Caption>>, session: Session, from_start: bool) {
    let after = if from_start { Position(0) } else { end(&live, session.session_id).await };
    let languages: Vec<_> = session.languages().cloned().collect();
    let mut entries = live.follow(&session.topic(), &languages, None, after);
    while let Some(entry) = entries.next().await {
        let language = entry.segment.language.clone();
        let text = caption(&session, entry);
        // Whether somebody listens just now or not.
        let _nobody = told.send(Arc::new(Caption { language, text }));
    }
}

/// Where the log of the session ends now.
async fn end(live: &Live, session_id: SessionId) -> Position {
    loop {
        match live.log().entries_before(session_id, None, None, 1).await {
            Ok(entries) => return entries.last().map_or(Position(0), |entry| entry.position),
            Err(error) => {
                tracing::debug!(%error, session.id = %session_id, "captions begin late");
                sleep(AGAIN_AFTER).await;
            }
        }
    }
}

fn caption(session: &Session, entry: Entry) -> String {
    let body =
        CaptionBody { session_id: session.session_id, channel_id: session.channel_id, item: entry.into() };
    // Texts and numbers: they can be written.
    serde_json::to_string(&body).unwrap_or_default()
}
