//! A report as text, for tests that fail.

use std::fmt;

use super::report::{CheckFinding, CheckReport, Proven, Round};

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let count = |proven: fn(&Proven) -> bool| {
            self.migrations.iter().filter(|it| proven(&it.proven)).count()
        };
        let proven = count(|it| matches!(it, Proven::Now | Proven::Before));
        write!(f, "{proven} of {} migrations are proven", self.migrations.len())?;
        for (count, what) in [
            (count(|it| matches!(it, Proven::Irreversible(_))), "cannot be reverted and say why"),
            (count(|it| *it == Proven::Not), "have findings"),
            (count(|it| *it == Proven::NotReached), "were not reached"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        match self.round {
            Round::NotTried => f.write_str("; all of them were not reverted and run again"),
            Round::Failed => f.write_str("; reverting all and running all has findings"),
            Round::ProvenDownTo(version) => write!(f, "; all of them are, down to {version}"),
            Round::Proven | Round::ProvenBefore => Ok(()),
        }
    }
}

impl fmt::Display for CheckFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}", place.file, place.line)?;
            if let Some(column) = place.column {
                write!(f, ":{column}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        for difference in &self.differences {
            write!(f, "\n    {difference}")?;
            for line in difference.lines() {
                write!(f, "\n        {line}")?;
            }
        }
        for hint in &self.hints {
            write!(f, "\n    hint: {hint}")?;
        }
        Ok(())
    }
}
