//! Credentials of many providers, planted into files of many types: each is found by its rule, exactly where it is.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use keysieve::engine::RuleSet;
use keysieve::engine::example::expand;
use support::{Place, Tree};

/// Rules that know a secret by its own format. Each has an example `NAME=secret`, all of whose right side is the secret.
const MARKED: [&str; 78] = [
    "anthropic-api-key",
    "anthropic-oauth-token",
    "atlassian-api-token",
    "aws-access-key-id",
    "aws-bedrock-api-key",
    "aws-login-with-amazon-client-secret",
    "azure-devops-personal-access-token",
    "brevo-api-key",
    "buildkite-api-token",
    "circleci-personal-token",
    "cloudflare-global-api-key",
    "cloudflare-origin-ca-key",
    "cloudflare-user-api-token",
    "confluent-prefixed-api-secret",
    "contentful-management-token",
    "crates-io-api-token",
    "databricks-oauth-secret",
    "databricks-personal-access-token",
    "datadog-prefixed-application-key",
    "digitalocean-oauth-access-token",
    "digitalocean-personal-access-token",
    "docker-hub-organization-token",
    "doppler-cli-token",
    "doppler-personal-token",
    "doppler-service-token",
    "dropbox-short-lived-token",
    "facebook-access-token",
    "figma-personal-access-token",
    "github-fine-grained-pat",
    "github-pat",
    "gitlab-pat",
    "google-api-key",
    "grafana-service-account-token",
    "groq-api-key",
    "heroku-api-key",
    "huggingface-access-token",
    "launchdarkly-access-token",
    "linear-api-key",
    "mailchimp-api-key",
    "mapbox-secret-token",
    "mongodb-atlas-service-account-secret",
    "netlify-personal-access-token",
    "newrelic-user-key",
    "notion-api-token",
    "npm-access-token",
    "openai-user-key",
    "perplexity-api-key",
    "planetscale-password",
    "planetscale-service-token",
    "postman-api-key",
    "pulumi-access-token",
    "pypi-api-token",
    "replicate-api-token",
    "rubygems-api-key",
    "sendgrid-api-key",
    "sentry-org-token",
    "sentry-user-token",
    "shopify-access-token",
    "shopify-app-secret",
    "slack-app-level-token",
    "slack-bot-token",
    "slack-user-token",
    "snyk-personal-access-token",
    "sonar-user-token",
    "square-access-token",
    "square-application-secret",
    "stripe-live-restricted-key",
    "stripe-live-secret-key",
    "stripe-webhook-secret",
    "supabase-access-token",
    "supabase-secret-key",
    "tailscale-auth-key",
    "telegram-bot-token",
    "typeform-personal-access-token",
    "vercel-ai-gateway-key",
    "vercel-blob-token",
    "vercel-personal-access-token",
    "xai-api-key",
];

/// Rules that know a secret by the name it is assigned to.
const NAMED: [&str; 15] = [
    "airtable-personal-access-token",
    "asana-personal-access-token",
    "aws-secret-access-key",
    "cloudflare-legacy-api-token",
    "datadog-api-key",
    "discord-bot-token",
    "fastly-api-token",
    "github-client-secret",
    "heroku-legacy-api-key",
    "mistral-api-key",
    "okta-api-token",
    "okta-client-secret",
    "pagerduty-api-key",
    "snyk-api-token",
    "zendesk-api-token",
];

/// A type of file: its name, what stands above, the line with `{NAME}` or `{name}` and `{secret}`, and what stands below.
struct Kind<'a>(&'a str, &'a str, &'a str, &'a str);

const FILES: [Kind<'static>; 18] = [
    Kind(
        "app/settings.py",
        "\"\"\"Größe und Maß: settings.\"\"\"\nimport os\n\nDEBUG = os.environ.get(\"DEBUG\") == \"1\"\n",
        "{NAME} = \"{secret}\"  # rotate me",
        "TIMEOUT = 30\n",
    ),
    Kind(
        "web/config.js",
        "'use strict';\n\nmodule.exports = {\n",
        "  {name}: '{secret}',",
        "};\n",
    ),
    Kind(
        "web/client.ts",
        "import { Client } from './client';\n\n",
        "export const {NAME}: string = \"{secret}\";",
        "export default Client;\n",
    ),
    Kind(
        "src/Main.java",
        "package com.example;\n\npublic final class Main {\n",
        "    private static final String {NAME} = \"{secret}\";",
        "}\n",
    ),
    Kind(
        "cmd/main.go",
        "package main\n\nconst (\n",
        "\t{name} = \"{secret}\"",
        ")\n",
    ),
    Kind(
        "src/main.rs",
        "//! A client.\n\nuse std::env;\n\n",
        "const {NAME}: &str = \"{secret}\";",
        "fn main() {}\n",
    ),
    Kind(
        "deploy/values.yml",
        "# Werte für größere Umgebungen\nreplicas: 3\nenv:\n",
        "  {NAME}: {secret}",
        "  LOG_LEVEL: info\n",
    ),
    Kind(
        "deploy/config.json",
        "{\n  \"name\": \"shop\",\n",
        "  \"{name}\": \"{secret}\",",
        "  \"port\": 8080\n}\n",
    ),
    Kind(
        "deploy/config.toml",
        "[service]\nname = \"shop\"\n",
        "{name} = \"{secret}\"",
        "port = 8080\n",
    ),
    Kind(
        "deploy/.env",
        "NODE_ENV=production\n",
        "{NAME}={secret}",
        "PORT=8080\n",
    ),
    Kind(
        "deploy/app.ini",
        "; settings\n[shop]\n",
        "{name} = {secret}",
        "port = 8080\n",
    ),
    Kind(
        "deploy/app.xml",
        "<?xml version=\"1.0\"?>\n<settings>\n",
        "  <{name}>{secret}</{name}>",
        "</settings>\n",
    ),
    Kind(
        "docs/setup.md",
        "# Set up — schnell\n\nIn a shell:\n\n```sh\n",
        "export {NAME}={secret}",
        "```\n",
    ),
    Kind(
        "bin/run.sh",
        "#!/bin/sh\nset -eu\n",
        "export {NAME}='{secret}'",
        "exec ./app \"$@\"\n",
    ),
    Kind(
        "infra/main.tf",
        "provider \"aws\" {\n  region = \"eu-central-1\"\n}\n\nlocals {\n",
        "  {name} = \"{secret}\"",
        "}\n",
    ),
    Kind(
        "Dockerfile",
        "FROM debian:12-slim\nRUN apt-get update\n",
        "ENV {NAME}={secret}",
        "CMD [\"app\"]\n",
    ),
    Kind(
        "work/Analysis.ipynb",
        "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"source\": [\n    \"import os\\n\",\n",
        "    \"os.environ['{NAME}'] = '{secret}'\\n\",",
        "    \"x = 1\"\n   ]\n  }\n ],\n \"nbformat\": 4\n}\n",
    ),
    Kind(
        "logs/app.log",
        "2026-03-01T12:00:00Z INFO  started größer\n",
        "2026-03-01T12:00:01Z DEBUG env {NAME}={secret} loaded",
        "2026-03-01T12:00:02Z INFO  stopped\n",
    ),
];

/// Two more, in which the name is no longer assigned to the secret: what is known by its own format is found there too.
const LOOSE: [Kind<'static>; 2] = [
    Kind(
        "db/seed.sql",
        "-- Größe\nINSERT INTO settings (name, value) VALUES\n",
        "  ('{NAME}', '{secret}'),",
        "  ('x', 'y');\n",
    ),
    Kind(
        "conf/app.properties",
        "# settings\nport=8080\n",
        "vendor.{name}.value={secret}",
        "timeout=30\n",
    ),
];

/// Name and template of a rule's example.
fn example(id: &str) -> (String, String) {
    let rules = RuleSet::embedded();
    let rule = rules
        .get(id)
        .unwrap_or_else(|| panic!("there is no rule {id}"));
    let assigned = rule.examples.iter().find_map(|example| {
        let example = example.strip_prefix("export ").unwrap_or(example);
        let (name, value) = example.split_once('=')?;
        let named = name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let value = value.trim_matches('"');
        let bare = !value.contains([' ', '"', '\'', '&', '\n']);
        (named && bare).then(|| (name.to_owned(), value.to_owned()))
    });
    assigned.unwrap_or_else(|| panic!("{id} has no example of the form NAME=secret"))
}

/// Writes the file with one credential of each kind and returns where they stand.
fn plant(tree: &Tree, kind: &Kind<'_>, ids: &[&str], seed: &mut u64) -> BTreeSet<Place> {
    let Kind(path, above, line, below) = *kind;
    let mut text = above.to_owned();
    let mut places = BTreeSet::new();
    for id in ids {
        let (name, template) = example(id);
        *seed += 1;
        let secret = expand(&template, *seed);
        let line = line
            .replace("{NAME}", &name)
            .replace("{name}", &name.to_lowercase());
        let (before, after) = line.split_once("{secret}").expect("a place for it");
        let column = before.chars().count() as u64 + 1;
        places.insert(Place {
            path: path.to_owned(),
            line: text.lines().count() as u64 + 1,
            column,
            end_column: column + secret.chars().count() as u64,
            rule: (*id).to_owned(),
        });
        text += &format!("{before}{secret}{after}\n");
    }
    tree.file(path, text + below);
    places
}

#[test]
fn every_kind_is_found_in_every_type_of_file() {
    let tree = Tree::new();
    let mut planted = BTreeSet::new();
    // One from which no random secret spells a placeholder.
    let mut seed = 2000;
    for kind in FILES {
        planted.extend(plant(&tree, &kind, &MARKED, &mut seed));
        let path = format!("named/{}", kind.0);
        let kind = Kind(&path, kind.1, kind.2, kind.3);
        planted.extend(plant(&tree, &kind, &NAMED, &mut seed));
    }
    for kind in LOOSE {
        planted.extend(plant(&tree, &kind, &MARKED, &mut seed));
    }
    assert_eq!(planted.len(), 18 * (78 + 15) + 2 * 78);
    let (code, report) = tree.json(["."]);
    assert_eq!(code, 1);
    let found: BTreeSet<Place> = report.places().into_iter().collect();
    let lines = |places: &BTreeSet<Place>, others: &BTreeSet<Place>| {
        let mut by_rule: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for place in places.difference(others) {
            let Place {
                path,
                line,
                column,
                end_column,
                rule,
            } = place;
            by_rule
                .entry(rule.clone())
                .or_default()
                .push(format!("{path}:{line}:{column}-{end_column}"));
        }
        by_rule
            .iter()
            .map(|(rule, at)| format!("{rule}: {}\n", at.join(" ")))
            .collect::<String>()
    };
    let (missed, extra) = (lines(&planted, &found), lines(&found, &planted));
    assert!(
        missed.is_empty() && extra.is_empty(),
        "missed\n{missed}\nnot planted\n{extra}"
    );
}
