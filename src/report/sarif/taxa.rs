//! The weakness that every finding is, and the controls of four frameworks that it touches, as SARIF taxonomies.
//!
//! A control is named where a credential left in clear is what it is about. Which ones follows from a rule's tags: all
//! that stand under no tag hold for every credential. This is a reading of the frameworks' texts, for finding the way
//! from a result to a control and back; it does not say whether anybody complies.

use serde_sarif::sarif::{
    ReportingDescriptor, ReportingDescriptorReference, ReportingDescriptorRelationship,
    ToolComponent, ToolComponentReference,
};

use super::text;

/// A weakness or a control.
struct Taxon {
    id: &'static str,
    /// In the form that the standard asks of names.
    name: &'static str,
    what: &'static str,
    help: &'static str,
    /// Tags of rules to which it applies; all where there are none.
    tags: &'static [&'static str],
}

/// A framework.
struct Taxonomy {
    name: &'static str,
    organization: &'static str,
    what: &'static str,
    address: &'static str,
    taxa: &'static [Taxon],
}

/// Services that hold data of people: what a credential for them opens.
const DATA: &[&str] = &[
    "analytics",
    "commerce",
    "communication",
    "crm",
    "data",
    "database",
    "documents",
    "forms",
    "hr",
    "mail",
    "marketing",
    "sales",
    "storage",
    "support",
];
/// Keys, and what keeps them.
const KEYS: &[&str] = &["crypto", "key", "secret-manager"];
/// What changes the software that runs.
const CHANGE: &[&str] = &["ci", "iac", "packages", "source"];
/// What carries messages.
const MESSAGES: &[&str] = &["chat", "communication", "mail", "messaging", "push"];
/// What money is moved with.
const PAYMENTS: &[&str] = &["commerce", "finance", "payments"];
/// Who may log in.
const ACCESS: &[&str] = &["cloud", "identity"];

const ALL: [Taxonomy; 5] = [
    Taxonomy {
        name: "CWE",
        organization: "MITRE",
        what: "The MITRE Common Weakness Enumeration",
        address: "https://cwe.mitre.org/",
        taxa: &[Taxon {
            id: "CWE-798",
            name: "UseOfHardCodedCredentials",
            what: "Use of Hard-coded Credentials",
            help: "https://cwe.mitre.org/data/definitions/798.html",
            tags: &[],
        }],
    },
    Taxonomy {
        name: "SOC 2",
        organization: "AICPA",
        what: "Trust Services Criteria of 2017, with the points of focus of 2022",
        address: SOC_2,
        taxa: &[
            control(
                "CC6.1",
                "LogicalAccessSecurity",
                "Logical access to information assets is restricted; credentials are protected",
                SOC_2,
                &[],
            ),
            control(
                "CC6.2",
                "CredentialIssuance",
                "Credentials are issued to authorised users and withdrawn when they are not needed",
                SOC_2,
                ACCESS,
            ),
            control(
                "CC6.7",
                "DataInTransmission",
                "Transmission, movement and removal of information is restricted",
                SOC_2,
                MESSAGES,
            ),
            control(
                "CC8.1",
                "ChangeManagement",
                "Changes to software are authorised, tested and approved",
                SOC_2,
                CHANGE,
            ),
        ],
    },
    Taxonomy {
        name: "HIPAA",
        organization: "HHS",
        what: "The Security Rule of HIPAA, 45 CFR Part 164, Subpart C",
        address: HIPAA,
        taxa: &[
            control(
                "164.308(a)(5)(ii)(D)",
                "PasswordManagement",
                "Procedures for creating, changing and safeguarding passwords",
                HIPAA,
                &[],
            ),
            control(
                "164.312(d)",
                "PersonOrEntityAuthentication",
                "Whoever seeks access is verified to be the one claimed",
                HIPAA,
                &[],
            ),
            control(
                "164.312(a)(1)",
                "AccessControl",
                "Only those who have been granted access rights get at protected information",
                HIPAA,
                DATA,
            ),
            control(
                "164.312(a)(2)(iv)",
                "EncryptionAndDecryption",
                "A mechanism to encrypt and decrypt protected information",
                HIPAA,
                KEYS,
            ),
            control(
                "164.312(e)(1)",
                "TransmissionSecurity",
                "Protected information is guarded while it is transmitted",
                HIPAA,
                MESSAGES,
            ),
        ],
    },
    Taxonomy {
        name: "PCI DSS",
        organization: "PCI Security Standards Council",
        what: "Payment Card Industry Data Security Standard, version 4.0.1",
        address: PCI_DSS,
        taxa: &[
            control(
                "8.3.2",
                "AuthenticationFactorsUnreadable",
                "Strong cryptography renders all authentication factors unreadable in transmission and storage",
                PCI_DSS,
                &[],
            ),
            control(
                "8.6.2",
                "NoHardCodedPasswords",
                "Passwords of application and system accounts are not hard-coded in scripts, configuration or source code",
                PCI_DSS,
                &[],
            ),
            control(
                "3.6.1",
                "KeysProtected",
                "Keys that protect stored account data are protected against disclosure and misuse",
                PCI_DSS,
                KEYS,
            ),
            control(
                "6.5.1",
                "ChangeControl",
                "Changes to components in production follow established procedures",
                PCI_DSS,
                CHANGE,
            ),
            control(
                "7.2.5",
                "SystemAccountPrivileges",
                "Accounts of applications and systems have the least privileges that they need",
                PCI_DSS,
                PAYMENTS,
            ),
        ],
    },
    Taxonomy {
        name: "GDPR",
        organization: "European Union",
        what: "General Data Protection Regulation, (EU) 2016/679",
        address: GDPR,
        taxa: &[
            control(
                "Art. 32(1)(b)",
                "ConfidentialityOfProcessing",
                "Ongoing confidentiality, integrity, availability and resilience of processing systems",
                GDPR,
                &[],
            ),
            control(
                "Art. 5(1)(f)",
                "IntegrityAndConfidentiality",
                "Personal data is protected against unauthorised processing and loss",
                GDPR,
                DATA,
            ),
            control(
                "Art. 32(1)(a)",
                "Encryption",
                "Pseudonymisation and encryption of personal data",
                GDPR,
                KEYS,
            ),
        ],
    },
];

const SOC_2: &str = "https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022";
const HIPAA: &str =
    "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164/subpart-C";
const PCI_DSS: &str = "https://www.pcisecuritystandards.org/document_library/";
const GDPR: &str = "https://eur-lex.europa.eu/eli/reg/2016/679/oj";

const fn control(
    id: &'static str,
    name: &'static str,
    what: &'static str,
    help: &'static str,
    tags: &'static [&'static str],
) -> Taxon {
    Taxon {
        id,
        name,
        what,
        help,
        tags,
    }
}

/// All taxonomies, in the order in which references count them.
pub fn taxonomies() -> Vec<ToolComponent> {
    ALL.iter().map(component).collect()
}

/// References to all of them.
pub fn supported() -> Vec<ToolComponentReference> {
    (0..ALL.len()).map(reference).collect()
}

/// What a rule with these tags relates to: the weakness is wider than the rule, a control has to do with it.
pub fn relationships(tags: &[String]) -> Vec<ReportingDescriptorRelationship> {
    let mut all = Vec::new();
    for (index, taxonomy) in ALL.iter().enumerate() {
        for (at, taxon) in taxonomy.taxa.iter().enumerate() {
            let tagged = |tag: &&str| tags.iter().any(|own| own == tag);
            if taxon.tags.is_empty() || taxon.tags.iter().any(tagged) {
                all.push(relationship(index, at, taxon));
            }
        }
    }
    all
}

fn relationship(taxonomy: usize, at: usize, taxon: &Taxon) -> ReportingDescriptorRelationship {
    let target = ReportingDescriptorReference::builder()
        .id(taxon.id)
        .index(at as i64)
        .tool_component(reference(taxonomy))
        .build();
    let kind = if taxonomy == 0 {
        "superset"
    } else {
        "relevant"
    };
    ReportingDescriptorRelationship::builder()
        .target(target)
        .kinds([kind.to_owned()])
        .build()
}

fn reference(index: usize) -> ToolComponentReference {
    ToolComponentReference::builder()
        .name(ALL[index].name)
        .index(index as i64)
        .build()
}

fn component(taxonomy: &Taxonomy) -> ToolComponent {
    let taxa = taxonomy.taxa.iter().map(|taxon| {
        ReportingDescriptor::builder()
            .id(taxon.id)
            .name(taxon.name)
            .short_description(text(taxon.what))
            .help_uri(taxon.help)
            .build()
    });
    let mut component = ToolComponent::builder()
        .name(taxonomy.name)
        .organization(taxonomy.organization)
        .short_description(text(taxonomy.what))
        .information_uri(taxonomy.address)
        .is_comprehensive(false)
        .build();
    component.taxa = Some(taxa.collect());
    component
}
