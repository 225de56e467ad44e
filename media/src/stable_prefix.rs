//! LocalAgreement-n: which words of a growing transcript may be shown for good.
//!
//! While an utterance grows it is transcribed again and again. The longest common prefix of the last `n` transcripts
//! is committed and never taken back; the rest is tentative. Words agree when they differ only in case and
//! punctuation, and the newest spelling is kept until it is committed.
//!
//! Source: Liu, Spanakis and Niehues, *Low-Latency Sequence-to-Sequence Speech Recognition and Translation by
//! Partial Hypothesis Selection*, Interspeech 2020 (LocalAgreement-n); Macháček, Dabre and Bojar, *Turning Whisper
//! into Real-Time Transcription System*, IJCNLP-AACL 2023 (n = 2 on Whisper).

use std::collections::VecDeque;

/// A transcript split at the last agreed word. Words are separated by single spaces.
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
        match (self.committed.is_empty(), self.tentative.is_empty()) {
            (_, true) => self.committed.clone(),
            (true, false) => self.tentative.clone(),
            (false, false) => format!("{} {}", self.committed, self.tentative),
        }
    }
}

/// One utterance's agreement. Make a new one, or call [`finish`](Self::finish), for the next utterance.
#[derive(Clone, Debug)]
pub struct StablePrefix {
    agreement: usize,
    committed: Vec<String>,
    /// The words after the committed ones in the last `agreement - 1` transcripts, oldest first.
    recent: VecDeque<Vec<String>>,
}

impl StablePrefix {
    /// Commits what `agreement` transcripts in a row have in common (2 is usual; 0 counts as 1).
    pub fn new(agreement: usize) -> Self {
        Self { agreement: agreement.max(1), committed: Vec::new(), recent: VecDeque::new() }
    }

    /// Takes the transcript of the utterance so far.
    pub fn push(&mut self, transcript: &str) -> Stable {
        let mut newest = self.after_committed(transcript);
        let agreed = if self.recent.len() + 1 < self.agreement {
            0
        } else {
            self.recent.iter().map(|older| common_prefix(older, &newest)).min().unwrap_or(newest.len())
        };
        self.committed.extend(newest.drain(..agreed));
        for older in &mut self.recent {
            older.drain(..agreed.min(older.len()));
        }
        let tentative = newest.join(" ");
        self.recent.push_back(newest);
        while self.recent.len() >= self.agreement {
            self.recent.pop_front();
        }
        Stable { committed: self.committed.join(" "), tentative }
    }

    /// Takes the final transcript: all of it is committed, after the words that already were. Starts anew.
    pub fn finish(&mut self, transcript: &str) -> Stable {
        let rest = self.after_committed(transcript);
        self.recent.clear();
        let mut words = std::mem::take(&mut self.committed);
        words.extend(rest);
        Stable { committed: words.join(" "), tentative: String::new() }
    }

    /// The words of `transcript` that come after the committed ones.
    ///
    /// Mostly the transcript begins with them. Where it does not (a committed word came out differently, or two
    /// words became one), the last committed words are looked for near their place; failing that, as many words are
    /// skipped as are committed.
    fn after_committed(&self, transcript: &str) -> Vec<String> {
        let words: Vec<&str> = transcript.split_whitespace().collect();
        let count = self.committed.len();
        let start = self.end_of_committed(&words).unwrap_or(count.min(words.len()));
        words[start..].iter().map(|word| (*word).to_owned()).collect()
    }

    fn end_of_committed(&self, words: &[&str]) -> Option<usize> {
        const SLACK: usize = 3;
        let count = self.committed.len();
        (1..=count.min(3)).rev().find_map(|anchor| {
            let tail = &self.committed[count - anchor..];
            let near = count.saturating_sub(SLACK).max(anchor)..=(count + SLACK).min(words.len());
            near.filter(|&end| tail.iter().zip(&words[end - anchor..end]).all(|(a, b)| same_word(a, b)))
                .min_by_key(|end| end.abs_diff(count))
        })
    }
}

impl Default for StablePrefix {
    fn default() -> Self {
        Self::new(2)
    }
}

fn common_prefix(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| same_word(a, b)).count()
}

/// Equal but for case and punctuation; words of nothing but punctuation are equal only to themselves.
fn same_word(a: &str, b: &str) -> bool {
    let bare = |word: &str| {
        word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let (bare_a, bare_b) = (bare(a), bare(b));
    if bare_a.is_empty() || bare_b.is_empty() { a == b } else { bare_a == bare_b }
}
