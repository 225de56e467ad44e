//! LocalAgreement-n: which words of a growing transcript may be shown for good.

/// A transcript split at the last agreed word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stable {
    /// Words that will not change any more, all from the start of the utterance.
    pub committed: String,
    /// Words after those, which may still change.
    pub tentative: String,
}

impl Stable {
    /// The whole text: committed, then tentative.
    pub fn text(&self) -> String {
        unimplemented!()
    }
}

/// One utterance's agreement. Make a new one, or call [`finish`](Self::finish), for the next utterance.
#[derive(Clone, Debug)]
pub struct StablePrefix {}

impl StablePrefix {
    /// Commits what `agreement` transcripts in a row have in common (2 is usual; 0 counts as 1).
    pub fn new(agreement: usize) -> Self {
        unimplemented!()
    }

    /// Takes the transcript of the utterance so far.
    pub fn push(&mut self, transcript: &str) -> Stable {
        unimplemented!()
    }

    /// Takes the final transcript: all is committed. Words already committed stay as they were. Starts anew.
    pub fn finish(&mut self, transcript: &str) -> Stable {
        unimplemented!()
    }
}

impl Default for StablePrefix {
    fn default() -> Self {
        Self::new(2)
    }
}
