//! Where checkdmarc says something else, and who is right by the RFC's word.

use std::fmt;

use serde_json::Value;
use tegami_doctor::Examination;

/// Something on which the two differ.
pub(super) struct Difference<'d> {
    pub(super) aspect: &'d str,
    pub(super) ours: &'d str,
    pub(super) theirs: &'d str,
    /// All that checkdmarc said of the domain.
    pub(super) answer: &'d Value,
    /// All that we found.
    pub(super) examination: &'d Examination,
    /// The lines of the domain's zone.
    pub(super) zone: &'d str,
}

/// A way in which checkdmarc differs: when it is this one, and the reason with the RFC's word.
pub(super) struct Known {
    aspect: &'static str,
    when: fn(&Difference<'_>) -> bool,
    pub(super) word: &'static str,
}

impl Known {
    pub(super) fn explains(&self, here: &Difference<'_>) -> bool {
        self.aspect == here.aspect && (self.when)(here)
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fails = self.examination.findings.iter().filter(|one| one.state == tegami_doctor::State::Fail);
        let fails: Vec<_> = fails.map(|one| format!("{} {:?}", one.check.id, one.note)).collect();
        let part = self.aspect.split(' ').next().unwrap_or_default();
        let key = if part == "tlsrpt" { "tls_rpt" } else { part };
        writeln!(f, "== {}: ours {}, theirs {}", self.aspect, self.ours, self.theirs)?;
        writeln!(f, "   they: {}", self.answer[key])?;
        writeln!(f, "   we: {}", fails.join("; "))?;
        write!(f, "   {}", self.zone.replace('\n', "\n   "))
    }
}

impl Difference<'_> {
    fn error(&self, of: &str) -> &str {
        self.answer[of]["error"].as_str().unwrap_or_default()
    }

    fn warned(&self, of: &str, part: &str) -> bool {
        let warnings = self.answer[of]["warnings"].as_array().into_iter().flatten();
        warnings.filter_map(Value::as_str).any(|one| one.contains(part))
    }

    /// Whether we found this.
    fn told(&self, note: &str) -> bool {
        self.examination.findings.iter().any(|one| one.note.id == note)
    }

    /// The number of void lookups that checkdmarc counts for `ptr` terms, and for null MX records.
    fn void_terms(&self) -> usize {
        let warnings =
            self.answer["spf"]["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let nobody = |one: &&str| one.contains("A ptr mechanism points to") || self.is_null_mx(one);
        warnings.filter(nobody).count()
    }

    fn is_null_mx(&self, warning: &str) -> bool {
        self.zone.contains(" MX 0 .") && warning.contains("does not have any MX records")
    }

    /// Whether the counts differ by the void lookups of such terms alone.
    fn only_void_terms(&self) -> bool {
        let count = |told: &str| -> Option<(usize, usize)> {
            let (lookups, void) = told.strip_suffix(" void")?.split_once(" lookups, ")?;
            Some((lookups.parse().ok()?, void.parse().ok()?))
        };
        let (Some((lookups, void)), Some(theirs)) = (count(self.ours), count(self.theirs)) else {
            return false;
        };
        self.void_terms() > 0 && (lookups, void + self.void_terms()) == theirs
    }
}

const UPPER_CASE: &str = "RFC 7208 section 12 with RFC 5234 section 2.3: `V=SPF1` is the same as `v=spf1`; checkdmarc finds the record and then cannot read it";
const PTR_IS_OF_THE_CLIENT: &str = "RFC 7208 section 5.5: `ptr` asks for the names of the client, never for addresses of the domain; section 4.6.4: a null MX (RFC 7505) is \
     one record, so that the lookup of `mx` is not void";
const REFUSED_RECORD: &str = "a record that checkdmarc refuses as a whole is not looked at further";

pub(super) const DIFFERENCES: &[Known] = &[
    Known {
        aspect: "spf",
        when: |here| here.ours == "valid" && here.error("spf").contains("➞V=SPF1"),
        word: UPPER_CASE,
    },
    Known { aspect: "spf cost", when: |here| here.error("spf").contains("➞V=SPF1"), word: UPPER_CASE },
    Known { aspect: "spf advice", when: |here| here.error("spf").contains("➞V=SPF1"), word: UPPER_CASE },
    Known { aspect: "spf cost", when: |here| here.only_void_terms(), word: PTR_IS_OF_THE_CLIENT },
    Known {
        aspect: "spf",
        when: |here| {
            here.ours == "valid"
                && here.error("spf").contains("maximum void DNS lookups")
                && here.zone.contains("ptr")
        },
        word: PTR_IS_OF_THE_CLIENT,
    },
    Known {
        aspect: "spf cost",
        when: |here| here.error("spf").contains("maximum void DNS lookups") && here.zone.contains("ptr"),
        word: PTR_IS_OF_THE_CLIENT,
    },
    Known {
        aspect: "spf advice",
        when: |here| {
            let void = here.void_terms() > 0 || here.error("spf").contains("maximum void DNS lookups");
            here.ours.contains("ptr") && void
        },
        word: PTR_IS_OF_THE_CLIENT,
    },
    Known {
        aspect: "dmarc",
        when: |here| {
            here.theirs == "none" && here.error("dmarc").contains("must have one of the following values")
        },
        word: "RFC 9989 section 4.7: a value that cannot be read is discarded in favour of the default; section 4.10.1: where it is that of a \
               policy, the record counts as `p=none` if it asks for reports",
    },
    Known {
        aspect: "dmarc",
        when: |here| here.theirs == "none" && here.error("dmarc").contains("Unrelated TXT records"),
        word: "RFC 9989 section 4.10 step 2: records that do not begin with `v=DMARC1` are discarded, and the one that is left applies",
    },
    Known {
        aspect: "dmarc",
        when: |here| here.theirs == "none" && here.error("dmarc").contains("is not a valid DMARC report URI"),
        word: "RFC 9989 section 4.6: a URI that cannot be read is passed over, and the policy applies without it",
    },
    Known {
        aspect: "dmarc",
        when: |here| {
            // Its parser names what it expected in any order.
            let expected =
                ["Expected tag_value or end_of_statement", "Expected end_of_statement or tag_value"];
            here.theirs == "none" && expected.iter().any(|text| here.error("dmarc").contains(text))
        },
        word: "RFC 9989 section 4.7: what is no tag is ignored like a tag that nobody knows, and the policy applies",
    },
    Known {
        aspect: "dmarc",
        when: |here| {
            here.theirs == "none" && here.error("dmarc").contains("not a valid option for the DMARC fo tag")
        },
        word: "RFC 9989 section 4.7: `fo` is ignored where there is no `ruf`, and has its default where it cannot be read",
    },
    Known {
        aspect: "dmarc reports",
        when: |here| here.answer["dmarc"]["valid"] == false && here.theirs == "refused false, dead false",
        word: REFUSED_RECORD,
    },
    Known {
        aspect: "dmarc reports",
        when: |here| here.ours == "refused false, dead false" && here.warned("dmarc", "has no MX records"),
        word: "RFC 5321 section 5.1: a domain without MX records takes mail at its address",
    },
    Known {
        aspect: "dmarc reports",
        when: |here| here.ours == "refused true, dead true" && here.theirs == "refused true, dead false",
        word: "RFC 9990 section 4: who receives reports has to agree; checkdmarc does not go on to ask whether that domain takes mail",
    },
    Known {
        aspect: "sts",
        when: |here| here.theirs == "none" && here.told("sts-record-broken"),
        word: "RFC 8461 section 3.1: a record that does not begin with `v=STSv1;` announces nothing; both say so, and we say what was meant",
    },
    Known {
        aspect: "tlsrpt",
        when: |here| {
            here.theirs == "none" && (here.told("tlsrpt-version") || here.zone.contains("v=TLSRPTv1"))
        },
        word: "RFC 8460 section 3: a record that does not begin with `v=TLSRPTv1;` is discarded; both say so, and we say what was meant",
    },
];
