//! The events of the old system, out of its `events.json`.
//!
//! [`parse`] reads a file, forgiving about its shape; [`Parsed::write`] keeps what was read. Each event has a key (its
//! old id) that is remembered, so that the same file twice is the same as once; what was changed or deleted here since
//! is left alone.

mod channels;
mod document;
mod entry;
mod field;
mod glossary;
mod language;
mod moment;
mod report;
mod text;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::ids::CustomerId;
use document::Document;
pub use entry::{Content, ImportedEvent};
use field::Refusal;
pub use report::{EntryReport, KeptBecause, Outcome, Report};
pub use text::{MAX_FILE_BYTES, UnreadableFile};

use crate::{
    domain::draw_event_id,
    persistence::{Imports, Mode, PersistenceError},
};

/// A file that was read; nothing is kept yet.
#[derive(Debug)]
pub struct Parsed {
    notes: Vec<String>,
    entries: Vec<ParsedEntry>,
}

/// An entry that was read.
#[derive(Debug)]
struct ParsedEntry {
    called: Option<String>,
    event: Result<ImportedEvent, Outcome>,
    notes: Vec<String>,
}

/// Reads a file. An entry that cannot be taken costs no other; a file that is not whole is not taken at all.
pub fn parse(file: Vec<u8>) -> Result<Parsed, UnreadableFile> {
    let text = text::decode(file)?;
    let document = Document::read(&text)?;
    let mut notes = Vec::new();
    if !document.beside.is_empty() {
        let beside: Vec<_> = document.beside.iter().map(|name| field::printable(name, 60)).collect();
        notes.push(format!("beside the events, not taken over: {}", beside.join(", ")));
    }
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut entries: Vec<ParsedEntry> = Vec::with_capacity(document.entries.len());
    for (index, entry) in document.entries.iter().enumerate() {
        let entry::Read { called, event, notes } = entry::read(entry);
        let event = event.map_err(|Refusal(reason)| Outcome::Refused(reason)).and_then(|event| {
            let Some(&place) = first.get(&event.key) else {
                first.insert(event.key.clone(), index + 1);
                return Ok(event);
            };
            match &entries[place - 1].event {
                Ok(same) if *same == event => Err(Outcome::Repeated { place }),
                _ => Err(Outcome::Refused(format!("entry {place} is the same event with other content"))),
            }
        });
        entries.push(ParsedEntry { called, event, notes });
    }
    Ok(Parsed { notes, entries })
}

impl Parsed {
    /// Takes the events over as `customer`'s, one by one: when the store fails on the way, what came before is kept, and
    /// repeating the whole does it no harm.
    pub async fn write(
        self,
        store: &dyn Imports,
        customer: CustomerId,
        mode: Mode,
        now: DateTime<Utc>,
    ) -> Result<Report, PersistenceError> {
        let mut entries = Vec::with_capacity(self.entries.len());
        for (index, ParsedEntry { called, event, mut notes }) in self.entries.into_iter().enumerate() {
            let outcome = match event {
                Ok(event) => take_over(store, customer, &event, mode, &mut notes, now).await?,
                Err(outcome) => outcome,
            };
            entries.push(EntryReport { place: index + 1, called, outcome, notes });
        }
        Ok(Report { notes: self.notes, entries })
    }

    /// The events that can be taken.
    pub fn events(&self) -> impl Iterator<Item = &ImportedEvent> {
        self.entries.iter().filter_map(|entry| entry.event.as_ref().ok())
    }
}

async fn take_over(
    store: &dyn Imports,
    customer: CustomerId,
    event: &ImportedEvent,
    mode: Mode,
    notes: &mut Vec<String>,
    now: DateTime<Utc>,
) -> Result<Outcome, PersistenceError> {
    if let Some(old_id) = event.old_id {
        if let Some(outcome) = store.import_event(customer, event, old_id, mode, now).await? {
            return Ok(outcome);
        }
        notes.push(format!("{old_id} is taken by another event: it gets another id"));
    }
    loop {
        let drawn = draw_event_id(&mut rand::rng());
        if let Some(outcome) = store.import_event(customer, event, drawn, mode, now).await? {
            return Ok(outcome);
        }
    }
}

/// A name or title, on one line, if it can be one.
fn name<T: std::str::FromStr>(found: Option<&str>) -> Option<T> {
    one_line(found?).parse().ok()
}

/// A name or title for what has none.
fn name_instead<T: std::str::FromStr>(instead: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    let short: String = one_line(instead).chars().take(100).collect();
    short.parse().expect("a short line without control characters is a name")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
