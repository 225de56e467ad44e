//! Hysteresis: from a score per frame to speech that starts and stops.

/// When scores become speech.
#[derive(Clone, Debug, PartialEq)]
pub struct GateConfig {
    /// The mean score over `onset_ms` that opens the gate.
    pub onset: f32,
    /// The score under which a frame no longer counts as speech, once the gate is open. At most `onset`.
    pub offset: f32,
    /// How long speech must last to open the gate; a click is shorter.
    pub onset_ms: u32,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self { onset: 0.5, offset: 0.35, onset_ms: 96 }
    }
}
/// x
pub struct SpeechGate {}
