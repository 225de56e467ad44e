//! Agents within this process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use agents::{
    AgentError, CancellationToken, ConnectOptions, RoomToken, TokenSource, TokenSourceError,
    asr::{AsrAgent, AsrOptions},
    mt::{Follow, MtAgent, MtOptions},
};
use async_trait::async_trait;
use chrono::SecondsFormat;
use common::{config::Secret, event::AgentType, ids::SessionId};
use inference::Models;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use transcript::{Live, Topic};

use super::{AgentEnd, Job, Listeners, Spawner, spool::Spool};
use crate::provider::Provider;

/// Runs agents as tasks of this process (`AGENT_SPAWNER=local`).
pub struct LocalSpawner {
    models: Models,
    provider: Arc<dyn Provider>,
    listeners: Arc<dyn Listeners>,
    live: Live,
    spools: Mutex<HashMap<SessionId, Kept>>,
}

/// A spool, and the task that writes what is in it.
struct Kept {
    spool: Arc<Spool>,
    _run: AbortOnDropHandle<()>,
}

impl LocalSpawner {
    /// Agents that ask `models`, join with tokens of `provider`, and write to `live`.
    pub fn new(
        models: Models,
        provider: Arc<dyn Provider>,
        listeners: Arc<dyn Listeners>,
        live: Live,
    ) -> Self {
        Self { models, provider, listeners, live, spools: Mutex::default() }
    }

    /// The session's spool, until the session is finished: its agents may come and go.
    fn spool(&self, job: &Job) -> Arc<Spool> {
        let mut spools = self.spools.lock();
        let kept = spools.entry(job.session_id).or_insert_with(|| {
            let topic =
                Topic { event_id: job.event_id, channel_id: job.channel_id, session_id: job.session_id };
            let spool = Arc::new(Spool::new(self.live.clone(), topic));
            let run = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&spool).run()));
            Kept { spool, _run: run }
        });
        Arc::clone(&kept.spool)
    }

    fn options(&self, job: &Job, in_room: watch::Sender<bool>) -> ConnectOptions {
        let room = format!("event-{}-channel-{}", job.event_id, job.channel_id);
        let tokens = ProviderTokens { provider: Arc::clone(&self.provider), job: job.clone() };
        let mut options = ConnectOptions::with_tokens(Arc::new(tokens), room, &job.agent_id);
        let started_at = job.started_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        options.metadata = serde_json::json!({ "started_at": started_at }).to_string();
        options.attributes = BTreeMap::from([("language".to_owned(), job.language.to_string())]);
        options.segments = Some(self.spool(job));
        options.in_room = Some(in_room);
        options
    }

    async fn transcribe(
        &self,
        job: Job,
        options: ConnectOptions,
        shutdown: CancellationToken,
    ) -> Result<(), AgentEnd> {
        let transcriber = self.models.transcriber.clone().ok_or_else(|| no_model("HF_ASR_URL"))?;
        let agent = AsrAgent::new(AsrOptions::new(job.language), transcriber);
        Ok(agents::connect(options, agent, shutdown).await?)
    }

    async fn translate(
        &self,
        job: Job,
        options: ConnectOptions,
        shutdown: CancellationToken,
    ) -> Result<(), AgentEnd> {
        let translator = self.models.translator.clone().ok_or_else(|| no_model("HF_MT_URL"))?;
        let synthesizer = if job.speech {
            Some(self.models.synthesizer.clone().ok_or_else(|| no_model("HF_TTS_URL"))?)
        } else {
            None
        };
        let follow = if job.always {
            Follow::Always
        } else {
            Follow::WhenFollowed(self.listeners.followed(job.event_id, job.channel_id, &job.language))
        };
        let mt = MtOptions {
            glossary: job.glossary.into_iter().collect(),
            follow,
            resume_since: job.resume_since,
            ..MtOptions::new(job.language)
        };
        let agent = MtAgent::new(mt, translator, synthesizer);
        Ok(agents::connect(options, agent, shutdown).await?)
    }
}

#[async_trait]
impl Spawner for LocalSpawner {
    async fn run(
        &self,
        job: Job,
        in_room: watch::Sender<bool>,
        shutdown: CancellationToken,
    ) -> Result<(), AgentEnd> {
        let options = self.options(&job, in_room);
        match job.agent_type {
            AgentType::Asr => self.transcribe(job, options, shutdown).await,
            AgentType::Mt => self.translate(job, options, shutdown).await,
            other => Err(AgentEnd::Failed(format!("{other} agents do not run here"))),
        }
    }

    async fn finish(&self, session_id: SessionId) {
        let spool = self.spools.lock().get(&session_id).map(|kept| Arc::clone(&kept.spool));
        if let Some(spool) = spool {
            spool.flushed().await;
            self.spools.lock().remove(&session_id);
        }
    }
}

fn no_model(variable: &str) -> AgentEnd {
    AgentEnd::Failed(format!("there is no model to ask: {variable} is not set"))
}

impl From<AgentError> for AgentEnd {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::DuplicateIdentity { .. } => Self::Duplicate,
            AgentError::Removed => Self::Removed,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Tokens for one agent, a fresh one for each joining.
struct ProviderTokens {
    provider: Arc<dyn Provider>,
    job: Job,
}

#[async_trait]
impl TokenSource for ProviderTokens {
    async fn token(&self) -> Result<RoomToken, TokenSourceError> {
        let Job { event_id, channel_id, agent_type, language, .. } = &self.job;
        let language = (*agent_type == AgentType::Mt).then_some(language);
        match self.provider.agent_token(*event_id, *channel_id, *agent_type, language).await {
            Ok(token) if token.identity != self.job.agent_id => {
                Err(TokenSourceError::Refused(format!("it is for {}", token.identity)))
            }
            Ok(token) => Ok(RoomToken { url: token.livekit_url, token: Secret::new(token.livekit_token) }),
            Err(error) if error.retry_helps() => Err(TokenSourceError::Unavailable(error.to_string())),
            Err(error) => Err(TokenSourceError::Refused(error.to_string())),
        }
    }
}
