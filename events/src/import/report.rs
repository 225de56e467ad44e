//! What an import came to, entry by entry.

use std::fmt;

use common::ids::EventId;

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What concerns the file as a whole.
    pub notes: Vec<String>,
    /// As many as the file has, in its order.
    pub entries: Vec<EntryReport>,
}

/// What became of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryReport {
    /// Its place in the file, from 1.
    pub place: usize,
    /// Its id, or else its title, if it has either.
    pub called: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// What was assumed, changed or left out.
    pub notes: Vec<String>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new event.
    Created(EventId),
    /// The file has changed since it was last imported, and so has the event.
    Updated(EventId),
    /// It was imported before and is the same.
    Unchanged(EventId),
    /// It was imported before and then changed or deleted in the service, which counts.
    Kept(EventId, KeptBecause),
    /// It is in the file once more, the same.
    Repeated {
        /// Where it is first.
        place: usize,
    },
    /// It cannot be taken, for this reason.
    Refused(String),
}

/// Why the service's event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptBecause {
    /// Somebody changed it.
    Changed,
    /// Somebody deleted it.
    Deleted,
}

impl Report {
    /// Whether every entry was taken.
    pub fn took_all(&self) -> bool {
        !self.entries.iter().any(|entry| matches!(entry.outcome, Outcome::Refused(_)))
    }

    /// How many entries there are of each kind, in words.
    pub fn summary(&self) -> String {
        let mut counts: Vec<(&str, usize)> =
            ["created", "updated", "unchanged", "kept", "repeated", "refused"].map(|kind| (kind, 0)).into();
        for entry in &self.entries {
            let kind = entry.outcome.kind();
            counts.iter_mut().filter(|(name, _)| *name == kind).for_each(|(_, count)| *count += 1);
        }
        let counts: Vec<_> =
            counts.iter().filter(|(_, n)| *n > 0).map(|(kind, n)| format!("{n} {kind}")).collect();
        let total = self.entries.len();
        let entries = if total == 1 { "entry" } else { "entries" };
        if counts.is_empty() {
            "no entries".to_owned()
        } else {
            format!("{total} {entries}: {}", counts.join(", "))
        }
    }
}

impl Outcome {
    /// A word for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Updated(_) => "updated",
            Self::Unchanged(_) => "unchanged",
            Self::Kept(..) => "kept",
            Self::Repeated { .. } => "repeated",
            Self::Refused(_) => "refused",
        }
    }

    /// The event, if there is one.
    pub fn event_id(&self) -> Option<EventId> {
        match self {
            Self::Created(id) | Self::Updated(id) | Self::Unchanged(id) | Self::Kept(id, _) => Some(*id),
            Self::Repeated { .. } | Self::Refused(_) => None,
        }
    }
}

impl fmt::Display for EntryReport {
    /// `entry 3 (123457): refused: …`, then a line for each note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}", self.place)?;
        if let Some(called) = &self.called {
            write!(f, " ({called})")?;
        }
        write!(f, ": {}", self.outcome.kind())?;
        match &self.outcome {
            Outcome::Created(id) | Outcome::Updated(id) | Outcome::Unchanged(id) => write!(f, " {id}")?,
            Outcome::Kept(id, KeptBecause::Changed) => write!(f, " {id}: it was changed here since")?,
            Outcome::Kept(id, KeptBecause::Deleted) => write!(f, " {id}: it was deleted here since")?,
            Outcome::Repeated { place } => write!(f, ": the same as entry {place}")?,
            Outcome::Refused(reason) => write!(f, ": {reason}")?,
        }
        for note in &self.notes {
            write!(f, "\n    {note}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_by_people() {
        let id = EventId::new(123_457).expect("an id");
        let entry = |outcome, notes| EntryReport { place: 3, called: Some("old".to_owned()), outcome, notes };
        let kept = entry(Outcome::Kept(id, KeptBecause::Changed), vec!["has no channels".to_owned()]);
        assert_eq!(
            kept.to_string(),
            "entry 3 (old): kept 123457: it was changed here since\n    has no channels"
        );
        let refused = entry(Outcome::Refused("has no id".to_owned()), Vec::new());
        let mut report = Report { notes: Vec::new(), entries: vec![kept] };
        assert!(report.took_all());
        report.entries.push(refused);
        assert!(!report.took_all());
        assert_eq!(report.summary(), "2 entries: 1 kept, 1 refused");
        assert_eq!(Report::default().summary(), "no entries");
    }
}
