//! Channels: one speaker's floor and the languages it is carried into.

use std::collections::BTreeMap;

use common::{ids::ChannelId, problem::FieldError};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{Object, Type},
    },
};

use super::{Language, Name, Term};

/// As many channels an event has at most.
pub const MAX_CHANNELS: usize = 50;
/// Into as many languages a channel is translated at most.
pub const MAX_TARGET_LANGUAGES: usize = 30;

/// A channel of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "channel_id": 1, "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
    "record": true, "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
}))]
pub struct Channel {
    /// Its number within the event; never given twice.
    pub channel_id: ChannelId,
    /// What it is called.
    pub name: Name,
    /// What is spoken.
    pub source_language: Language,
    /// What it is translated into.
    #[schema(max_items = 30)]
    pub target_languages: Vec<Language>,
    /// Whether it is recorded.
    pub record: bool,
    /// Whether translations are also spoken.
    pub speech: bool,
    /// Fixed translations.
    pub glossary: Glossary,
}

impl Channel {
    /// What is wrong with its languages; `at` is where it stands in the body.
    pub fn mistakes(&self, at: &str) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let targets = &self.target_languages;
        if targets.len() > MAX_TARGET_LANGUAGES {
            mistakes.push(FieldError::new(
                format!("{at}target_languages"),
                format!("must have at most {MAX_TARGET_LANGUAGES} languages"),
            ));
        }
        for (index, target) in targets.iter().enumerate() {
            let field = || format!("{at}target_languages[{index}]");
            if *target == self.source_language {
                mistakes.push(FieldError::new(field(), format!("{target} is the source language")));
            } else if targets[..index].contains(target) {
                mistakes.push(FieldError::new(field(), format!("{target} is named twice")));
            }
        }
        mistakes
    }
}

/// For each language, what certain terms of the source are always translated as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, BTreeMap<Term, Term>>")]
pub struct Glossary(BTreeMap<Language, BTreeMap<Term, Term>>);

impl Glossary {
    /// As many languages at most.
    pub const MAX_LANGUAGES: usize = MAX_TARGET_LANGUAGES;
    /// As many terms at most in each language.
    pub const MAX_TERMS: usize = 500;

    /// Language, term, translation.
    pub fn iter(&self) -> impl Iterator<Item = (&Language, &Term, &Term)> {
        self.0
            .iter()
            .flat_map(|(language, terms)| terms.iter().map(move |(term, fixed)| (language, term, fixed)))
    }
}

impl TryFrom<BTreeMap<String, BTreeMap<Term, Term>>> for Glossary {
    type Error = String;

    fn try_from(raw: BTreeMap<String, BTreeMap<Term, Term>>) -> Result<Self, String> {
        if raw.len() > Self::MAX_LANGUAGES {
            return Err(format!("must have at most {} languages", Self::MAX_LANGUAGES));
        }
        let mut languages = BTreeMap::new();
        for (text, terms) in raw {
            let language: Language = text.parse().map_err(|error| format!("{error}"))?;
            if terms.len() > Self::MAX_TERMS {
                return Err(format!("must have at most {} terms in {language}", Self::MAX_TERMS));
            }
            if languages.contains_key(&language) {
                return Err(format!("{language} is named twice"));
            }
            languages.insert(language, terms);
        }
        Ok(Self(languages))
    }
}

impl utoipa::PartialSchema for Glossary {
    fn schema() -> RefOr<Schema> {
        let schema_of = |schema: RefOr<Schema>| match schema {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(_) => None,
        };
        let terms = Object::builder()
            .schema_type(Type::Object)
            .property_names(schema_of(Term::schema()))
            .additional_properties(Some(Term::schema()))
            .max_properties(Some(Self::MAX_TERMS));
        let languages = Object::builder()
            .schema_type(Type::Object)
            .property_names(schema_of(Language::schema()))
            .additional_properties(Some(terms))
            .max_properties(Some(Self::MAX_LANGUAGES));
        languages
            .description(Some("language → term of the source → its fixed translation"))
            .examples([serde_json::json!({ "ca-ES": { "assembly": "assemblea" } })])
            .into()
    }
}

impl ToSchema for Glossary {}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary(text: &str) -> Result<Glossary, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_glossary_is_bounded_and_names_each_language_once() {
        let read = glossary(r#"{"CA-es": {"assembly": "assemblea"}}"#).expect("a glossary");
        assert_eq!(serde_json::to_string(&read).expect("json"), r#"{"ca-ES":{"assembly":"assemblea"}}"#);
        assert_eq!(read.iter().count(), 1);
        assert!(glossary(r#"{"ca-ES": {}, "CA-ES": {}}"#).is_err());
        assert!(glossary(r#"{"ca_ES": {}}"#).is_err());
        assert!(glossary(r#"{"ca": {"": "x"}}"#).is_err());
        assert!(glossary(r#"{"ca": {"x": "\u0000"}}"#).is_err());
        let many: BTreeMap<String, String> = (0..501).map(|n| (n.to_string(), "x".to_owned())).collect();
        let many = serde_json::json!({ "ca": many }).to_string();
        assert!(glossary(&many).expect_err("too many").contains("at most 500"));
    }

    #[test]
    fn a_channel_is_not_translated_into_its_own_language_nor_twice_into_one() {
        let channel: Channel = serde_json::from_value(serde_json::json!({
            "channel_id": 1, "name": "Main", "source_language": "en-US",
            "target_languages": ["es-ES", "EN-us", "es-es"], "record": false, "speech": true, "glossary": {}
        }))
        .expect("a channel");
        let fields: Vec<_> = channel.mistakes("channels[0].").into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["channels[0].target_languages[1]", "channels[0].target_languages[2]"]);
    }
}
