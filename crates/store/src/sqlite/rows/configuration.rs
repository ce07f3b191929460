//! Configuration: accounts, skills, profiles, users, sources, apps and sessions. Secrets are records of their own, which
//! are sealed before they reach their column.

use super::codec::{Decoder, Encoder, at_place, place};
use super::event::RESPONSE_TIMES;
use crate::sqlite::failure::Failure;
use antiphon_app::ports::store::{BotKey, ConnectorApp, Login, Session, SessionApp, SessionKind};
use antiphon_domain::account::{Network, SignatureForm, SkillSurvey};
use antiphon_domain::source::HealthState;
use antiphon_domain::{
    Account, AccountId, AccountSettings, ChannelApp, ChannelAppId, Health, Pid, Privilege, Profile, Skill, SkillId, Source, SourceId,
    Timestamp, User, UserId, UserKind,
};
use std::collections::BTreeMap;

const HEALTH: [HealthState; 4] = [HealthState::Unknown, HealthState::Ok, HealthState::Failing, HealthState::NeedsReauthorisation];

pub fn encode_account(account: &Account) -> Vec<u8> {
    let mut to = Encoder::new();
    let settings = &account.settings;
    to.text(&account.name)
        .text(&account.timezone)
        .option_i64(account.default_skill.map(|skill| skill.0))
        .list(account.allow_private_endpoints.iter(), |to, network| {
            to.text(&network.to_string());
        })
        .time(account.created_at)
        .bool(settings.auto_accept)
        .i64(settings.ring_expiration_s)
        .i64(settings.offline_after_s)
        .i64(settings.return_to_queue_after_s)
        .i64(settings.response_time_s)
        .i64(settings.idle_logout_s)
        .i64(settings.channel_log_days)
        .u64(u64::from(settings.max_sockets))
        .i64(settings.urgent_response_time_s)
        .i64(settings.prioritized_response_time_s)
        .u8(place(&RESPONSE_TIMES, &settings.default_response_time))
        .i64(settings.suggestion_s)
        .option_text(settings.survey_app.as_deref())
        .i64(settings.survey_idle_s)
        .bool(settings.file_sharing)
        .i64(settings.consumer_file_kib)
        .i64(settings.agent_file_kib)
        .i64(settings.auto_close_s)
        .u8(place(&SignatureForm::ALL, &settings.notification_signature))
        .text(&settings.consumer_language)
        .list(settings.image_hosts.iter(), |to, host| {
            to.text(host);
        });
    to.finish()
}

pub fn decode_account(id: AccountId, data: &[u8]) -> Result<Account, Failure> {
    let from = &mut Decoder::new(data);
    let mut account = Account {
        id,
        name: from.string()?,
        timezone: from.string()?,
        default_skill: from.option(|from| from.i64())?.map(SkillId),
        allow_private_endpoints: from
            .list(|from| Network::parse(from.text()?).ok_or_else(|| Failure::corrupt("an address range is unreadable")))?,
        created_at: from.time()?,
        settings: AccountSettings {
            auto_accept: from.bool()?,
            ring_expiration_s: from.i64()?,
            offline_after_s: from.i64()?,
            return_to_queue_after_s: from.i64()?,
            response_time_s: from.i64()?,
            idle_logout_s: from.i64()?,
            channel_log_days: from.i64()?,
            max_sockets: from.u32()?,
            ..AccountSettings::default()
        },
    };
    if !from.is_at_end() {
        let settings = &mut account.settings;
        settings.urgent_response_time_s = from.i64()?;
        settings.prioritized_response_time_s = from.i64()?;
        settings.default_response_time = at_place(&RESPONSE_TIMES, from.u8()?)?;
        settings.suggestion_s = from.i64()?;
        settings.survey_app = from.option(|from| from.string())?;
        settings.survey_idle_s = from.i64()?;
    }
    if !from.is_at_end() {
        account.settings.file_sharing = from.bool()?;
        account.settings.consumer_file_kib = from.i64()?;
        account.settings.agent_file_kib = from.i64()?;
    }
    if !from.is_at_end() {
        account.settings.auto_close_s = from.i64()?;
    }
    if !from.is_at_end() {
        account.settings.notification_signature = at_place(&SignatureForm::ALL, from.u8()?)?;
    }
    if !from.is_at_end() {
        account.settings.consumer_language = from.string()?;
        account.settings.image_hosts = from.list(|from| from.string())?;
    }
    Ok(account)
}

pub fn encode_skill(skill: &Skill) -> Vec<u8> {
    let mut to = Encoder::new();
    to.text(&skill.description).bool(skill.enabled).time(skill.created_at).time(skill.updated_at);
    match &skill.survey {
        SkillSurvey::Inherited => to.u8(0),
        SkillSurvey::Off => to.u8(1),
        SkillSurvey::App(app) => to.u8(2).text(app),
    };
    to.finish()
}

pub fn decode_skill(id: SkillId, name: String, data: &[u8]) -> Result<Skill, Failure> {
    let from = &mut Decoder::new(data);
    let (description, enabled, created_at, updated_at) = (from.string()?, from.bool()?, from.time()?, from.time()?);
    let survey = match from.is_at_end() {
        true => SkillSurvey::Inherited,
        false => match from.u8()? {
            0 => SkillSurvey::Inherited,
            1 => SkillSurvey::Off,
            2 => SkillSurvey::App(from.string()?),
            _ => return Err(Failure::corrupt("an unknown kind of a skill's survey")),
        },
    };
    Ok(Skill { id, name, description, enabled, survey, created_at, updated_at })
}

pub fn encode_profile(profile: &Profile) -> Vec<u8> {
    let mut to = Encoder::new();
    // By name, not by place: the list of privileges is sorted for people and will be added to anywhere.
    to.list(profile.privileges.iter(), |to, privilege| {
        to.text(privilege.name());
    });
    to.finish()
}

pub fn decode_profile(name: String, data: &[u8]) -> Result<Profile, Failure> {
    let privileges = Decoder::new(data)
        .list(|from| Privilege::from_name(from.text()?).ok_or_else(|| Failure::corrupt("a profile names an unknown privilege")))?;
    Ok(Profile { name, privileges })
}

pub fn encode_user(user: &User) -> Vec<u8> {
    let mut to = Encoder::new();
    to.text(&user.login)
        .text(&user.nickname)
        .text(&user.full_name)
        .option_text(user.email.as_deref())
        .bool(user.kind == UserKind::Bot)
        .text(&user.profile)
        .list(user.skills.iter(), |to, skill| {
            to.i64(skill.0);
        })
        .u64(u64::from(user.max_conversations))
        .bool(user.enabled)
        .time(user.created_at)
        .time(user.updated_at);
    to.finish()
}

pub fn decode_user(id: UserId, pid: Pid, data: &[u8]) -> Result<User, Failure> {
    let from = &mut Decoder::new(data);
    Ok(User {
        id,
        pid,
        login: from.string()?,
        nickname: from.string()?,
        full_name: from.string()?,
        email: from.option(|from| from.string())?,
        kind: if from.bool()? { UserKind::Bot } else { UserKind::Human },
        profile: from.string()?,
        skills: from.list(|from| from.i64().map(SkillId))?,
        max_conversations: from.u32()?,
        enabled: from.bool()?,
        created_at: from.time()?,
        updated_at: from.time()?,
    })
}

pub fn encode_login(login: &Login) -> Vec<u8> {
    let mut to = Encoder::new();
    to.option_text(login.password_hash.as_deref())
        .list(login.history.iter(), |to, hash| {
            to.text(hash);
        })
        .u64(u64::from(login.failures))
        .option_time(login.locked_until)
        .option_time(login.last_login_at);
    to.finish()
}

/// The keys of a log-in, to be sealed.
pub fn encode_keys(login: &Login) -> Vec<u8> {
    let mut to = Encoder::new();
    to.list(login.api_keys.iter(), |to, key| {
        to.text(&key.app_key).text(&key.secret).text(&key.access_token).text(&key.access_token_secret);
    });
    to.finish()
}

pub fn decode_login(user: UserId, data: &[u8], keys: &[u8]) -> Result<Login, Failure> {
    let from = &mut Decoder::new(data);
    Ok(Login {
        user,
        password_hash: from.option(|from| from.string())?,
        history: from.list(|from| from.string())?,
        failures: from.u32()?,
        locked_until: from.option(|from| from.time())?,
        last_login_at: from.option(|from| from.time())?,
        api_keys: Decoder::new(keys).list(|from| {
            Ok(BotKey {
                app_key: from.string()?,
                secret: from.string()?,
                access_token: from.string()?,
                access_token_secret: from.string()?,
            })
        })?,
    })
}

fn put_map(to: &mut Encoder, map: &BTreeMap<String, String>) {
    to.list(map.iter(), |to, (field, value)| {
        to.text(field).text(value);
    });
}

fn get_map(from: &mut Decoder<'_>) -> Result<BTreeMap<String, String>, Failure> {
    Ok(from.list(|from| Ok((from.string()?, from.string()?)))?.into_iter().collect())
}

/// Credentials, to be sealed.
pub fn encode_credentials(credentials: &BTreeMap<String, String>) -> Vec<u8> {
    let mut to = Encoder::new();
    put_map(&mut to, credentials);
    to.finish()
}

pub fn encode_source(source: &Source) -> Vec<u8> {
    let mut to = Encoder::new();
    to.text(&source.name)
        .option_i64(source.skill.map(|skill| skill.0))
        .option_u64(source.app.map(|app| app.0))
        .option_text(source.api_base_url.as_deref());
    put_map(&mut to, &source.settings);
    to.u8(place(&HEALTH, &source.health.state))
        .text(&source.health.message)
        .time(source.health.since)
        .time(source.created_at)
        .time(source.updated_at);
    to.finish()
}

/// A source's columns beside its record.
pub struct SourceColumns {
    pub id: SourceId,
    pub channel: String,
    pub address: String,
    pub enabled: bool,
}

pub fn decode_source(columns: SourceColumns, data: &[u8], credentials: &[u8]) -> Result<Source, Failure> {
    let from = &mut Decoder::new(data);
    Ok(Source {
        id: columns.id,
        channel: columns.channel,
        address: columns.address,
        enabled: columns.enabled,
        name: from.string()?,
        skill: from.option(|from| from.i64())?.map(SkillId),
        app: from.option(|from| from.u64())?.map(ChannelAppId),
        api_base_url: from.option(|from| from.string())?,
        settings: get_map(from)?,
        health: Health { state: at_place(&HEALTH, from.u8()?)?, message: from.string()?, since: from.time()? },
        created_at: from.time()?,
        updated_at: from.time()?,
        credentials: get_map(&mut Decoder::new(credentials))?,
    })
}

pub fn encode_channel_app(app: &ChannelApp) -> Vec<u8> {
    let mut to = Encoder::new();
    to.time(app.created_at).time(app.updated_at);
    to.finish()
}

pub fn decode_channel_app(id: ChannelAppId, channel: String, name: String, data: &[u8], credentials: &[u8]) -> Result<ChannelApp, Failure> {
    let from = &mut Decoder::new(data);
    let credentials = get_map(&mut Decoder::new(credentials))?;
    Ok(ChannelApp { id, channel, name, credentials, created_at: from.time()?, updated_at: from.time()? })
}

pub fn encode_connector_app(app: &ConnectorApp) -> Vec<u8> {
    let mut to = Encoder::new();
    to.text(&app.name).option_i64(app.skill.map(|skill| skill.0)).text(&app.settings).bool(app.enabled);
    to.bool(app.removed).option_time(app.previous_secret.as_ref().map(|(_, until)| *until)).time(app.created_at).time(app.updated_at);
    to.finish()
}

/// The secrets of an app, to be sealed: a line each.
pub fn encode_client_secrets(app: &ConnectorApp) -> String {
    match &app.previous_secret {
        Some((previous, _)) => format!("{}\n{previous}", app.client_secret),
        None => app.client_secret.clone(),
    }
}

pub fn decode_connector_app(client_id: String, data: &[u8], secrets: &[u8]) -> Result<ConnectorApp, Failure> {
    let from = &mut Decoder::new(data);
    let secrets = std::str::from_utf8(secrets).map_err(|_| Failure::corrupt("a client secret is not UTF-8"))?;
    let (secret, previous) = secrets.split_once('\n').map_or((secrets, None), |(secret, previous)| (secret, Some(previous)));
    let mut app = ConnectorApp {
        client_id,
        client_secret: secret.to_owned(),
        previous_secret: None,
        name: from.string()?,
        skill: from.option(|from| from.i64())?.map(SkillId),
        settings: from.string()?,
        enabled: from.bool()?,
        removed: false,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    };
    // Apps that were only kept, before they were served, end here.
    if !from.is_at_end() {
        app.removed = from.bool()?;
        app.previous_secret = previous.map(str::to_owned).zip(from.option(|from| from.time())?);
        app.created_at = from.time()?;
        app.updated_at = from.time()?;
    }
    Ok(app)
}

pub fn encode_session(session: &Session) -> Vec<u8> {
    let mut to = Encoder::new();
    to.fixed(&session.csrf_hash).i64(session.user.0).time(session.created_at).time(session.seen_at).time(session.expires_at);
    to.u8(match session.kind {
        SessionKind::Program => 0,
        SessionKind::Browser => 1,
        SessionKind::Keys => 2,
        SessionKind::App => 3,
    });
    to.option(session.app.as_ref(), |to, app| {
        to.text(&app.client_id).fixed(&app.grant);
    });
    to.finish()
}

pub fn decode_session(token_hash: [u8; 32], data: &[u8]) -> Result<Session, Failure> {
    let from = &mut Decoder::new(data);
    Ok(Session {
        token_hash,
        csrf_hash: from.fixed()?,
        user: UserId(from.i64()?),
        created_at: from.time()?,
        seen_at: from.time()?,
        expires_at: from.time()?,
        // Sessions from before kinds were told apart: they end with their day.
        kind: match if from.is_at_end() { 0 } else { from.u8()? } {
            0 => SessionKind::Program,
            1 => SessionKind::Browser,
            2 => SessionKind::Keys,
            3 => SessionKind::App,
            _ => return Err(Failure::corrupt("the kind of a session is unknown")),
        },
        app: if from.is_at_end() { None } else { from.option(|from| Ok(SessionApp { client_id: from.string()?, grant: from.fixed()? }))? },
    })
}
