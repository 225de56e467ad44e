//! Everything that a session needs, as in production, on this machine.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{
    rooms::Place,
    service_process::{AUTH, ISSUER, Running, Start, client, free_port, make_event, sign_in},
};

const LIVE_SERVICE_SECRET: &str = "a client secret for the benchmark";
const PROVIDER_SECRET: &str = "another client secret for the benchmark";

/// The four services and a LiveKit server.
pub(super) struct Platform {
    auth: Running,
    events: Running,
    provider: Running,
    orchestrator: Running,
    pub(super) livekit: tests::LiveKitServer,
    token: String,
}

impl Platform {
    pub(super) async fn start(ilenia: &Path, engines: SocketAddr) -> Result<Self> {
        let livekit = tests::LiveKitServer::start().await?;
        let (provider_port, orchestrator_port) = (free_port()?, free_port()?);
        let service =
            |name, port, variables| Start { ilenia, name, port, variables, database: None, pinned: false };
        let mut variables = AUTH.to_vec();
        variables.push(("OAUTH_LIVE_SERVICE_CLIENT_SECRET", LIVE_SERVICE_SECRET));
        variables.push(("OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", PROVIDER_SECRET));
        let auth = service("auth", ("AUTH_SERVICE_PORT", free_port()?), &variables).now().await?;
        let at_auth = auth.url("");
        let known = [("AUTH_ISSUER", ISSUER), ("AUTH_SERVICE_URL", at_auth.as_str())];
        let events = service("events", ("EVENTS_SERVICE_PORT", free_port()?), &known).now().await?;
        let at_events = events.url("");
        let at_orchestrator = format!("http://127.0.0.1:{orchestrator_port}");
        let url = livekit.url();
        let provider = [
            ("EVENTS_SERVICE_URL", at_events.as_str()),
            ("LIVE_SERVICE_URL", &at_orchestrator),
            ("LIVEKIT_URL", &url),
            ("LIVEKIT_API_KEY", livekit.api_key()),
            ("LIVEKIT_API_SECRET", livekit.api_secret()),
            ("OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", PROVIDER_SECRET),
        ];
        let provider = [&known[..], &provider].concat();
        let provider = service("provider", ("LIVEKIT_PROVIDER_PORT", provider_port), &provider).now().await?;
        let at_provider = provider.url("");
        let [asr, mt, tts] = ["asr", "v1", "tts"].map(|path| format!("http://{engines}/{path}"));
        let orchestrator = [
            ("EVENTS_SERVICE_URL", at_events.as_str()),
            ("LIVEKIT_PROVIDER_URL", &at_provider),
            ("LIVE_SERVICE_URL", &at_orchestrator),
            ("OAUTH_LIVE_SERVICE_CLIENT_SECRET", LIVE_SERVICE_SECRET),
            ("HF_ASR_URL", &asr),
            ("HF_MT_URL", &mt),
            ("HF_TTS_URL", &tts),
        ];
        let orchestrator = [&known[..], &orchestrator].concat();
        let orchestrator =
            service("orchestrator", ("LIVE_SERVICE_PORT", orchestrator_port), &orchestrator).now().await?;
        let token = sign_in(&auth).await?;
        Ok(Self { auth, events, provider, orchestrator, livekit, token })
    }

    /// Where the rooms are.
    pub(super) fn place(&self, engines: SocketAddr) -> Place {
        Place {
            url: self.livekit.url(),
            api_key: self.livekit.api_key().to_owned(),
            api_secret: self.livekit.api_secret().to_owned(),
            engines,
        }
    }

    /// An event whose sessions may start; gives its id.
    pub(super) async fn ready_event(&self) -> Result<i64> {
        let event = make_event(&self.events, &self.token).await?;
        for state in ["scheduled", "ready"] {
            self.post(&self.events, &format!("/events/{event}/state"), &json!({ "state": state })).await?;
        }
        Ok(event)
    }

    /// Starts a session on the event's channel; gives its id.
    pub(super) async fn start_session(&self, event: i64) -> Result<String> {
        let body = json!({ "event_id": event, "channel_id": 1 });
        let answer = self.post(&self.orchestrator, "/sessions/start", &body).await?;
        Ok(answer["session_id"].as_str().context("a session id")?.to_owned())
    }

    pub(super) async fn stop_session(&self, event: i64, session: &str) -> Result<()> {
        let body = json!({ "event_id": event, "session_id": session });
        self.post(&self.orchestrator, "/sessions/stop", &body).await.map(drop)
    }

    /// Memory of the live-service, in which the agents run.
    pub(super) fn pss_bytes(&self) -> Result<u64> {
        self.orchestrator.pss_bytes()
    }

    pub(super) async fn stop(self) -> Result<()> {
        for service in [self.orchestrator, self.provider, self.events, self.auth] {
            service.stop().await?;
        }
        Ok(())
    }

    async fn post(&self, service: &Running, path: &str, body: &Value) -> Result<Value> {
        let answer = client()?.post(service.url(path)).bearer_auth(&self.token).json(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).context("an answer in JSON")
    }
}
