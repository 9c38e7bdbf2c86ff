"""The tables of the database and how they evolved: one migration a version."""

from __future__ import annotations

# One entry per version, never edited once released: a database of version n has had the first n applied.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        name TEXT NOT NULL,
        recipe TEXT NOT NULL,
        status TEXT NOT NULL,
        config TEXT NOT NULL,
        environment TEXT NOT NULL DEFAULT '{}',
        owner TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        progress REAL NOT NULL DEFAULT 0,
        images_per_second REAL,
        seconds REAL,
        test_loss REAL,
        test_accuracy REAL,
        message TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX runs_by_status ON runs (status);
    CREATE TABLE epochs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        train_loss REAL NOT NULL,
        train_accuracy REAL NOT NULL,
        test_loss REAL NOT NULL,
        test_accuracy REAL NOT NULL,
        learning_rate REAL NOT NULL,
        images_per_second REAL NOT NULL,
        seconds REAL NOT NULL,
        UNIQUE (run, epoch)
    ) STRICT;
    CREATE TABLE samples (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
        writer TEXT NOT NULL,
        source TEXT NOT NULL,
        test INTEGER NOT NULL,
        image BLOB NOT NULL,
        drawing BLOB NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT;
    """,
    """
    CREATE TABLE datasets (
        name TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        file TEXT NOT NULL,
        format TEXT NOT NULL,
        original_range TEXT NOT NULL,
        images INTEGER NOT NULL,
        height INTEGER NOT NULL,
        width INTEGER NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT
    """,
    """
    CREATE TABLE transforms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT
    """,
    """
    ALTER TABLE runs ADD COLUMN parent TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN session TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN epochs INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN orders TEXT NOT NULL DEFAULT '{}';
    CREATE TABLE batches (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        loss REAL NOT NULL,
        learning_rate REAL NOT NULL,
        UNIQUE (run, epoch, batch)
    ) STRICT;
    CREATE TABLE details (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        gradient_norms TEXT NOT NULL,
        weight_norms TEXT NOT NULL,
        confusion TEXT NOT NULL,
        watched TEXT NOT NULL,
        PRIMARY KEY (run, epoch)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE changes (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        what TEXT NOT NULL,
        value REAL,
        epoch INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX changes_by_run ON changes (run, epoch, batch)
    """,
    """
    ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE runs ADD COLUMN archived REAL;
    ALTER TABLE runs ADD COLUMN deleted REAL;
    ALTER TABLE runs ADD COLUMN sweep TEXT NOT NULL DEFAULT '';
    CREATE INDEX runs_by_sweep ON runs (sweep);
    CREATE TABLE sweeps (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        plan TEXT NOT NULL,
        owner TEXT NOT NULL,
        session TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        finished REAL,
        message TEXT NOT NULL DEFAULT '',
        deleted REAL
    ) STRICT
    """,
    """
    CREATE TABLE numbers (
        kind TEXT PRIMARY KEY,
        last INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO numbers SELECT 'runs', coalesce(max(number), 0) FROM runs;
    INSERT INTO numbers SELECT 'sweeps', coalesce(max(number), 0) FROM sweeps;
    CREATE TABLE owners (
        owner TEXT PRIMARY KEY,
        seen REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE lost (
        id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        position INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE purged (
        run TEXT PRIMARY KEY
    ) STRICT, WITHOUT ROWID
    """,
    # What was set by hand is stored with the run, too: tables compare thousands of runs by it.
    """
    ALTER TABLE runs ADD COLUMN by_hand TEXT NOT NULL DEFAULT '[]';
    UPDATE runs SET by_hand = (
        SELECT json_group_array(json_array(what, value, epoch, batch)) FROM (
            SELECT * FROM changes WHERE run = runs.id AND what IN ('learning_rate', 'epochs') ORDER BY sequence
        )
    ) WHERE id IN (SELECT run FROM changes)
    """,
    """
    ALTER TABLE runs ADD COLUMN weights INTEGER;
    UPDATE runs SET weights = (SELECT count(*) FROM epochs WHERE epochs.run = runs.id) WHERE test_accuracy IS NOT NULL
    """,
    """
    CREATE TABLE handwriting_versions (
        version TEXT PRIMARY KEY,
        samples TEXT NOT NULL
    ) STRICT;
    CREATE TABLE run_handwriting (
        run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
        version TEXT NOT NULL REFERENCES handwriting_versions (version)
    ) STRICT, WITHOUT ROWID
    """,
    """
    ALTER TABLE samples ADD COLUMN paper BLOB
    """,
    # Until now, only the text of the message said it.
    """
    ALTER TABLE runs ADD COLUMN stop_reason TEXT NOT NULL DEFAULT '';
    UPDATE runs SET stop_reason = 'underperforming' WHERE status = 'stopped' AND message LIKE 'Stopped early:%';
    UPDATE runs SET stop_reason = 'with its sweep' WHERE status = 'stopped' AND message LIKE 'Stopped with its sweep%'
    """,
    """
    CREATE TABLE networks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        created REAL NOT NULL,
        deleted REAL
    ) STRICT
    """,
    # Runs of other people's loops: what they did not log is NULL, what only they have is in separate tables.
    """
    CREATE TABLE epochs_with_gaps (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        train_loss REAL,
        train_accuracy REAL,
        test_loss REAL,
        test_accuracy REAL,
        learning_rate REAL,
        images_per_second REAL,
        seconds REAL NOT NULL,
        UNIQUE (run, epoch)
    ) STRICT;
    INSERT INTO epochs_with_gaps SELECT * FROM epochs;
    INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)
        SELECT (SELECT rowid FROM sqlite_sequence WHERE name = 'epochs_with_gaps'), 'epochs_with_gaps', seq
        FROM sqlite_sequence WHERE name = 'epochs';
    DROP TABLE epochs;
    ALTER TABLE epochs_with_gaps RENAME TO epochs;
    ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN logged_config TEXT NOT NULL DEFAULT '{}';
    CREATE TABLE metrics (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        step INTEGER NOT NULL,
        value REAL,
        UNIQUE (run, name, step)
    ) STRICT
    """,
    # An attempt at a lesson lasts until it is reset; a browser belongs to one learner at a time.
    """
    CREATE TABLE learners (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        created REAL NOT NULL
    ) STRICT;
    CREATE TABLE learner_sessions (
        session TEXT PRIMARY KEY,
        learner INTEGER NOT NULL REFERENCES learners (id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE lesson_attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        learner INTEGER NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
        lesson TEXT NOT NULL,
        begun REAL NOT NULL,
        reset REAL
    ) STRICT;
    CREATE INDEX attempts_of_learner ON lesson_attempts (learner, lesson);
    CREATE TABLE lesson_answers (
        attempt INTEGER NOT NULL REFERENCES lesson_attempts (id) ON DELETE CASCADE,
        step TEXT NOT NULL,
        value TEXT NOT NULL,
        runs TEXT NOT NULL,
        answered REAL NOT NULL,
        PRIMARY KEY (attempt, step)
    ) STRICT, WITHOUT ROWID
    """,
)
