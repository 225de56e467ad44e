//! Who makes tokens, and who keeps segments.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU32, Ordering},
};

use agents::{
    RoomToken, SegmentLog, TokenSource, TokenSourceError,
    token::{ParticipantKind, Permissions, TokenRequest},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment, config::Secret};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{LiveKitServer, ROOM};

/// Makes tokens for one agent, and counts them; what it is to fail with first, it fails with first.
pub struct FakeTokens {
    url: String,
    identity: String,
    made: AtomicU32,
    failures: Mutex<VecDeque<TokenSourceError>>,
}

impl FakeTokens {
    pub fn new(server: &LiveKitServer, identity: &str, failures: &[TokenSourceError]) -> Self {
        let failures = Mutex::new(failures.iter().cloned().collect());
        Self { url: server.url(), identity: identity.into(), made: AtomicU32::new(0), failures }
    }

    pub fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenSource for FakeTokens {
    async fn token(&self) -> Result<RoomToken, TokenSourceError> {
        if let Some(failure) = self.failures.lock().pop_front() {
            return Err(failure);
        }
        let n = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let request = TokenRequest {
            name: Some(format!("Token {n}")),
            kind: ParticipantKind::Agent,
            ..TokenRequest::new(ROOM, &self.identity, Permissions::AGENT)
        };
        let secret = Secret::new("secretsecretsecretsecretsecretsecret");
        let token = request.sign("devkey", &secret).expect("a token");
        Ok(RoomToken { url: self.url.clone(), token: Secret::new(token) })
    }
}

/// Keeps what is written, and says that what it was made with is untranslated, once it is open.
pub struct FakeLog {
    written: Mutex<Vec<Segment>>,
    flushes: AtomicU32,
    untranslated: Vec<Segment>,
    open: watch::Sender<bool>,
}

impl FakeLog {
    pub fn new(untranslated: Vec<Segment>) -> Self {
        Self {
            written: Mutex::default(),
            flushes: AtomicU32::new(0),
            untranslated,
            open: watch::channel(true).0,
        }
    }

    pub fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    pub fn written(&self) -> Vec<Segment> {
        self.written.lock().clone()
    }

    pub fn flushes(&self) -> u32 {
        self.flushes.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl SegmentLog for FakeLog {
    fn write(&self, segment: Segment) {
        self.written.lock().push(segment);
    }

    async fn flush(&self) {
        let _ = self.open.subscribe().wait_for(|open| *open).await;
        self.flushes.fetch_add(1, Ordering::SeqCst);
    }

    async fn untranslated(&self, _: &LanguageTag, _: DateTime<Utc>) -> Vec<Segment> {
        let _ = self.open.subscribe().wait_for(|open| *open).await;
        self.untranslated.clone()
    }
}
