//! What is left of a session: subtitles in each of its languages.

use std::{collections::BTreeSet, fmt::Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use common::persistence::PersistenceError;
use transcript::format::{Format, Speakers};

use super::Shared;
use crate::{domain::Session, records::Artefact};

/// The formats that are kept.
const FORMATS: [Format; 2] = [Format::Srt, Format::Vtt];

impl Shared {
    /// Those of a session that is over, in each language in which something was said.
    pub(super) async fn artefacts(&self, session: &Session) -> Result<Vec<Artefact>, PersistenceError> {
        // Also those that it was not translated into any more at the end.
        let languages: BTreeSet<_> = session
            .languages()
            .chain(session.agents.iter().filter_map(|agent| agent.language.as_ref()))
            .collect();
        let mut artefacts = Vec::new();
        for language in languages {
            let segments = self.parts.live.log().segments(session.session_id, language).await?;
            if segments.is_empty() {
                continue;
            }
            for format in FORMATS {
                let segments = segments.clone();
                // Hours of speech take their time.
                let file =
                    tokio::task::spawn_blocking(move || format.write(&segments, &Speakers::new())).await;
                let file = file.map_err(|error| PersistenceError::Failed(Box::new(error)))?;
                artefacts.push(Artefact {
                    name: format!("subtitles.{language}.{}", format.as_str()),
                    kind: "subtitles".to_owned(),
                    language: language.clone(),
                    format: format.as_str().to_owned(),
                    bytes: file.len() as u64,
                    sha256: hexadecimal(digest(&SHA256, file.as_bytes()).as_ref()),
                    url: format!(
                        "/sessions/{}/transcript?language={language}&format={}",
                        session.session_id,
                        format.as_str()
                    ),
                });
            }
        }
        Ok(artefacts)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
