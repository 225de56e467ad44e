//! `ilenia agent connect`: one agent in one room, until it is told to end.

use std::net::{Ipv4Addr, SocketAddr};

use agents::{
    CancellationToken, ConnectOptions,
    asr::{self, AsrAgent, AsrOptions},
    mt::{self, MtAgent, MtOptions},
    token::Permissions,
};
use clap::{Subcommand, ValueEnum};
use common::{LanguageTag, config::Variables};
use inference::{InferenceConfig, Models};

use crate::{
    commands::engines::ENGINES_PORT,
    failure::{Failure, Kind},
    joining,
    settings::{LiveKitSettings, LogSettings},
    shutdown, terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct AgentArguments {
    #[command(subcommand)]
    command: AgentCommand,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Join a room as an agent and work there
    Connect(ConnectArguments),
}

/// Which agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgentKind {
    /// Transcribes everybody who speaks
    Asr,
    /// Translates the captions, and with --speech speaks them
    Mt,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConnectArguments {
    /// The room; made if it does not exist
    #[arg(long)]
    room: String,
    /// Which agent
    #[arg(long)]
    agent: AgentKind,
    /// asr: the language that is spoken; mt: the language to translate to
    #[arg(long)]
    language: LanguageTag,
    /// mt: also speak the translations, on a track of their own
    #[arg(long)]
    speech: bool,
}

impl AgentArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let AgentCommand::Connect(arguments) = self.command;
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::SERVICE);
        let livekit = LiveKitSettings::read(&variables);
        arguments.check(&variables);
        let models = arguments.models(&variables);
        let (log, livekit, inference) = variables.finish((log, livekit, models))?;
        log.start()?;
        let models = inference.models().map_err(|error| {
            Failure::new(Kind::Other, format!("the models' clients cannot be made: {error}"))
        })?;
        let shutdown = shutdown::on_signals()?;
        let job = Job { kind: arguments.agent, language: arguments.language, speech: arguments.speech };
        terminal::note(format!("{} in room {:?} at {}", job.identity(), arguments.room, livekit.url));
        job.run(&livekit, &arguments.room, &models, shutdown).await
    }
}

impl ConnectArguments {
    /// Notes what does not go together.
    fn check(&self, variables: &Variables) {
        if self.agent == AgentKind::Asr && self.speech {
            variables.mistake("--speech: only an mt agent speaks");
        }
    }

    /// The endpoints this agent needs: those of the variables, or the offline engines when none is set.
    fn models(&self, variables: &Variables) -> InferenceConfig {
        let config = InferenceConfig::from_variables(variables);
        let is_set = |name: &str| variables.optional::<String>(name).is_some();
        if !ENDPOINTS.into_iter().any(is_set) {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ENGINES_PORT));
            terminal::note(format!(
                "no HF_… variable is set: using the offline engines at http://{address} (`ilenia engines` serves them)"
            ));
            return config.or_engines(address);
        }
        let [asr, mt, tts] = ENDPOINTS;
        let needed = [
            (asr, self.agent == AgentKind::Asr && !is_set(asr)),
            (mt, self.agent == AgentKind::Mt && !is_set(mt)),
            (tts, self.agent == AgentKind::Mt && self.speech && !is_set(tts)),
        ];
        for (name, _) in needed.iter().filter(|(_, missing)| *missing) {
            variables.mistake(format!("{name}: required, since other HF_… variables are set"));
        }
        config
    }
}

/// The variables that name endpoints.
pub(crate) const ENDPOINTS: [&str; 3] = ["HF_ASR_URL", "HF_MT_URL", "HF_TTS_URL"];

/// One agent's work.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Which agent.
    pub(crate) kind: AgentKind,
    /// Of an ASR agent what is spoken, of an MT agent what to translate to.
    pub(crate) language: LanguageTag,
    /// Of an MT agent: whether it speaks.
    pub(crate) speech: bool,
}

impl Job {
    /// Its identity in the room.
    pub(crate) fn identity(&self) -> String {
        match self.kind {
            AgentKind::Asr => asr::IDENTITY.to_owned(),
            AgentKind::Mt => mt::identity(&self.language),
        }
    }

    /// Does it until `shutdown`.
    pub(crate) async fn run(
        self,
        livekit: &LiveKitSettings,
        room: &str,
        models: &Models,
        shutdown: CancellationToken,
    ) -> Result<(), Failure> {
        let no_model = || Failure::new(Kind::Usage, format!("{} has no model to ask", self.identity()));
        let mut options: ConnectOptions = livekit.agent(room, &self.identity());
        options.attributes.insert("language".to_owned(), self.language.to_string());
        match self.kind {
            AgentKind::Asr => {
                options.permissions = Permissions::CAPTIONER;
                let transcriber = models.transcriber.clone().ok_or_else(no_model)?;
                let agent = AsrAgent::new(AsrOptions::new(self.language.clone()), transcriber);
                joining::connect(livekit, options, agent, shutdown).await
            }
            AgentKind::Mt => {
                let translator = models.translator.clone().ok_or_else(no_model)?;
                let synthesizer = models.synthesizer.clone().filter(|_| self.speech);
                if self.speech && synthesizer.is_none() {
                    return Err(no_model());
                }
                if synthesizer.is_none() {
                    options.permissions = Permissions::CAPTIONER;
                }
                let agent = MtAgent::new(MtOptions::new(self.language.clone()), translator, synthesizer);
                joining::connect(livekit, options, agent, shutdown).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(agent: AgentKind, speech: bool) -> ConnectArguments {
        let language = if agent == AgentKind::Asr { "en-US" } else { "es-ES" };
        ConnectArguments { room: "r".into(), agent, language: language.parse().expect("a tag"), speech }
    }

    fn mistakes<const N: usize>(arguments: &ConnectArguments, pairs: [(&str, &str); N]) -> Vec<String> {
        let variables = Variables::from(pairs);
        arguments.check(&variables);
        let config = arguments.models(&variables);
        variables.finish(config).map_or_else(|error| error.mistakes, |_| Vec::new())
    }

    #[test]
    fn without_any_endpoint_the_offline_engines_are_used() {
        let variables = Variables::from([]);
        let config = arguments(AgentKind::Mt, true).models(&variables);
        assert!(config.asr.is_some() && config.mt.is_some() && config.tts.is_some());
    }

    #[test]
    fn with_some_endpoints_the_needed_ones_must_be_there() {
        let asr = ("HF_ASR_URL", "http://127.0.0.1:1/asr");
        assert!(mistakes(&arguments(AgentKind::Asr, false), [asr]).is_empty());
        let found = mistakes(&arguments(AgentKind::Mt, true), [asr]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("HF_MT_URL: ") && found[1].starts_with("HF_TTS_URL: "), "{found:?}");
    }

    #[test]
    fn an_asr_agent_does_not_speak() {
        let found = mistakes(&arguments(AgentKind::Asr, true), []);
        assert_eq!(found, ["--speech: only an mt agent speaks"]);
    }
}
