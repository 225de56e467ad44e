//! What an agent is given.

use std::{collections::BTreeMap, sync::Arc};

use common::LanguageTag;
use livekit::Room;
use tokio::sync::watch;

use crate::{
    AgentError, SegmentLog,
    audio::{AudioTrackWriter, Speakers},
    captions::Captions,
    session::Session,
};

/// One job in one room. Clones are the same job.
///
/// Everything here outlives a lost connection: streams go on, tracks and attributes are published again, and captions
/// wait meanwhile. Only [`room`](Self::room) is another one afterwards.
#[derive(Clone)]
pub struct JobContext {
    session: Arc<Session>,
}

impl JobContext {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// The room's name.
    pub fn room_name(&self) -> &str {
        &self.session.options.room
    }

    /// Who we are in the room.
    pub fn identity(&self) -> &str {
        &self.session.options.identity
    }

    /// What the job is about: [`crate::ConnectOptions::metadata`].
    pub fn metadata(&self) -> &str {
        &self.session.options.metadata
    }

    /// When the session began, in Unix milliseconds: zero on its media clock. It is what the job's metadata says, as
    /// `{"started_at": "2026-01-01T10:00:00Z"}`, else the time at which the room was made when we first joined it.
    pub fn started_at_ms(&self) -> i64 {
        self.session.started_at_ms()
    }

    /// The LiveKit room of the present connection, or of the last one while there is none.
    pub fn room(&self) -> Arc<Room> {
        self.session.latest_room().expect("an agent runs after it has joined")
    }

    /// Captions, in both directions.
    pub fn captions(&self) -> &Captions {
        &self.session.captions
    }

    /// Where settled captions are kept, if anywhere: [`crate::ConnectOptions::segments`].
    pub fn segments(&self) -> Option<Arc<dyn SegmentLog>> {
        self.session.options.segments.clone()
    }

    /// How many people in the room follow each language, by their participant attribute `language`; languages that
    /// nobody follows are not among them. After a lost connection, people who were there count for up to 15 seconds
    /// until they are back.
    pub fn followers(&self) -> watch::Receiver<BTreeMap<LanguageTag, usize>> {
        self.session.followers.subscribe()
    }

    /// Resolves when the job is to end. Cancel-safe.
    pub async fn shutdown(&self) {
        self.session.shutdown.cancelled().await;
    }

    /// The audio of everybody who speaks (not of agents): tracks that are there, then those that come.
    pub fn speakers(&self) -> Speakers {
        let room = self.session.room.borrow().clone();
        self.session.incoming.speakers(room.as_deref(), self.session.shutdown.clone())
    }

    /// The audio tracks of that name, whoever publishes them, e.g. `translation-es-ES`.
    pub fn track_named(&self, name: &str) -> Speakers {
        let room = self.session.room.borrow().clone();
        self.session.incoming.named(name, room.as_deref(), self.session.shutdown.clone())
    }

    /// Publishes a mono audio track, and publishes it again after every interruption.
    ///
    /// Errors: the room refuses it. A lost connection is no error: the track comes with the next one.
    pub async fn publish_audio_track(
        &self,
        name: &str,
        sample_rate_hz: u32,
    ) -> Result<AudioTrackWriter, AgentError> {
        let track = AudioTrackWriter::new(name, sample_rate_hz);
        self.session.add_track(track.clone()).await?;
        Ok(track)
    }

    /// Sets participant attributes, now and after every interruption.
    pub async fn set_attributes(&self, attributes: BTreeMap<String, String>) {
        self.session.set_attributes(attributes).await;
    }

    /// Runs a task that ends with the job at the latest: it is cancelled after the room was left.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.session.ended.clone();
        self.session.tasks.spawn(ended.run_until_cancelled_owned(task));
    }
}
