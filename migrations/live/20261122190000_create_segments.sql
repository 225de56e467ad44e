-- The segment log: what was said in each session, in every language, append-only. A log may outlive the session's row.

CREATE TABLE segment_logs (
    session_id uuid PRIMARY KEY,
    -- Writers hold this row while they append: positions have no gaps and are seen in their order.
    last_position bigint NOT NULL CHECK (last_position >= 0)
);

CREATE TABLE segments (
    session_id uuid NOT NULL,
    position bigint NOT NULL CHECK (position >= 1),
    written_at timestamptz NOT NULL,
    segment_id text COLLATE "C" NOT NULL CHECK (octet_length(segment_id) BETWEEN 1 AND 128),
    language text COLLATE "C" NOT NULL CHECK (char_length(language) BETWEEN 1 AND 64),
    source_language text COLLATE "C" NOT NULL CHECK (char_length(source_language) BETWEEN 1 AND 64),
    revision bigint NOT NULL CHECK (revision BETWEEN 0 AND 4294967295),
    state text NOT NULL CHECK (state IN ('final', 'corrected', 'withdrawn')),
    speaker text NOT NULL,
    text text NOT NULL,
    -- On the session's media clock.
    start_ms bigint NOT NULL CHECK (start_ms >= 0),
    end_ms bigint NOT NULL,
    PRIMARY KEY (session_id, position),
    -- The first writer wins. Also finds whether there is a newer revision, or a translation.
    CONSTRAINT segments_are_written_once UNIQUE (session_id, segment_id, language, revision),
    CONSTRAINT segments_end_after_they_start CHECK (end_ms >= start_ms),
    CONSTRAINT withdrawn_segments_have_no_text CHECK (state <> 'withdrawn' OR text = '')
);

-- Pages and transcripts of one language.
CREATE INDEX segments_by_language ON segments (session_id, language, position);
-- What was said lately, for translators that were away.
CREATE INDEX segments_as_spoken ON segments (session_id, written_at) WHERE language = source_language;
