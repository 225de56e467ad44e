//! Glossaries in the forms that old files have.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{field::printable, language::language};
use crate::domain::{Glossary, Language, Term};

type Terms = BTreeMap<Language, BTreeMap<Term, Term>>;

/// A map from language to term to translation, from term to language to translation, or from term to translation (then
/// for every language of `targets`), or a list of `{term, translation, language?}`. What cannot be taken is noted.
pub(super) fn glossary(value: &Value, targets: &[Language], notes: &mut Vec<String>) -> Glossary {
    let mut found = Found { terms: Terms::new(), targets, left_out: Vec::new() };
    match value {
        Value::Object(map) => found.map(map),
        Value::Array(list) => list.iter().for_each(|entry| found.entry(entry)),
        other => found.left_out.push(other.to_string()),
    }
    if let Some(first) = found.left_out.first() {
        let (count, first) = (found.left_out.len(), printable(first, 40));
        notes.push(format!("glossary: {count} left out, first of them {first:?}"));
    }
    let terms = found.terms.into_iter().map(|(language, terms)| (String::from(language), terms));
    terms.collect::<BTreeMap<_, _>>().try_into().unwrap_or_else(|reason| {
        notes.push(format!("glossary left out: it {reason}"));
        Glossary::default()
    })
}

struct Found<'t> {
    terms: Terms,
    targets: &'t [Language],
    left_out: Vec<String>,
}

impl Found<'_> {
    fn map(&mut self, map: &Map<String, Value>) {
        for (key, value) in map {
            let of_language = language(key).ok().filter(|language| {
                self.targets.iter().any(|target| target.tag().same_language(language.tag()))
            });
            match (value, of_language) {
                (Value::Object(terms), Some(language)) => {
                    terms.iter().for_each(|(term, fixed)| self.add(Some(&language), term, fixed));
                }
                (Value::Object(by_language), None) => {
                    for (tag, fixed) in by_language {
                        match language(tag) {
                            Ok(language) => self.add(Some(&language), key, fixed),
                            Err(_) => self.left_out.push(format!("{key}: {tag}")),
                        }
                    }
                }
                (fixed, _) => self.add(None, key, fixed),
            }
        }
    }

    fn entry(&mut self, entry: &Value) {
        let field = |names: &[&str]| names.iter().find_map(|name| entry.get(*name));
        let term = field(&["term", "source", "from"]).and_then(Value::as_str);
        let fixed = field(&["translation", "target", "to"]);
        let tag = field(&["language", "lang", "target_language", "target_lang"]).and_then(Value::as_str);
        match (term, fixed, tag.map(language)) {
            (Some(term), Some(fixed), None) => self.add(None, term, fixed),
            (Some(term), Some(fixed), Some(Ok(language))) => self.add(Some(&language), term, fixed),
            _ => self.left_out.push(entry.to_string()),
        }
    }

    /// Without a language it is for all that are translated into.
    fn add(&mut self, language: Option<&Language>, term: &str, fixed: &Value) {
        let fixed = fixed.as_str().and_then(|fixed| fixed.parse::<Term>().ok());
        let (Ok(term), Some(fixed)) = (term.parse::<Term>(), fixed) else {
            self.left_out.push(term.to_owned());
            return;
        };
        for language in language.map_or(self.targets, std::slice::from_ref) {
            self.terms.entry(language.clone()).or_default().insert(term.clone(), fixed.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_gives_the_same_glossary() {
        let targets = ["ca".parse().expect("a language")];
        for value in [
            json!({"ca": {"assembly": "assemblea"}}),
            json!({"assembly": {"ca": "assemblea"}}),
            json!({"assembly": "assemblea"}),
            json!([{"term": "assembly", "translation": "assemblea"}]),
            json!([{"source": "assembly", "target": "assemblea", "lang": "CA"}]),
        ] {
            let mut notes = Vec::new();
            let read = serde_json::to_value(glossary(&value, &targets, &mut notes)).expect("json");
            assert_eq!(read, json!({"ca": {"assembly": "assemblea"}}), "{value}");
            assert!(notes.is_empty(), "{notes:?}");
        }
    }

    #[test]
    fn what_cannot_be_taken_is_noted_and_costs_nothing_else() {
        let targets = ["ca".parse().expect("a language")];
        let value = json!({"assembly": "assemblea", "": "x", "vote": 7, "seat": {"klingon!": "x"}});
        let mut notes = Vec::new();
        assert_eq!(glossary(&value, &targets, &mut notes).iter().count(), 1);
        assert_eq!(notes, ["glossary: 3 left out, first of them \"\""]);
        let many: Map<String, Value> = (0..501).map(|n| (n.to_string(), json!("x"))).collect();
        assert_eq!(glossary(&Value::Object(many), &targets, &mut notes).iter().count(), 0);
        assert!(notes[1].contains("at most 500 terms"), "{notes:?}");
    }
}
