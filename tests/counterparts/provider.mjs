// An OpenID provider for tests: oidc-provider with accounts, clients, keys and faults that a test
// sets over /control while it runs.
//
//     node provider.mjs [port] [host]
//
// It listens on 127.0.0.1 and prints its issuer when ready. `host` is the name in that issuer:
// with `localhost`, a browser sees another site than 127.0.0.1, as it does with a real provider.
// It ends when its stdin does, and so never outlives the test that started it.

import { constants, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';

// oidc-provider gives production advice on stdout and stderr, some of it while it is imported.
// A test reads one line from the first and looks for failures on the second.
console.info = console.warn = () => {};
const { Provider } = await import('oidc-provider');

const [port = '0', host = '127.0.0.1'] = process.argv.slice(2);

const clients = new Map();
const requests = [];
let accounts = {};
let next;
let faults = {};
let key = newKey('RS256');
let issuer;
let provider;
let serve;

// ---- Keys -------------------------------------------------------------------------------------

function newKey(alg = 'RS256') {
  const kinds = {
    RS256: ['rsa', { modulusLength: 2048 }],
    PS256: ['rsa', { modulusLength: 2048 }],
    ES256: ['ec', { namedCurve: 'P-256' }],
    EdDSA: ['ed25519'],
  };
  oneOf(Object.keys(kinds), alg, 'alg');
  const { privateKey } = generateKeyPairSync(...kinds[alg]);
  return { alg, kid: randomUUID(), privateKey };
}

/** Signs the claims as they are. `header` adds to the JOSE header, and may contradict it. */
function signed({ claims, alg = key.alg, header }) {
  const families = {
    rsa: {
      RS: {},
      PS: {
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      },
    },
    ec: { ES: { dsaEncoding: 'ieee-p1363' } },
    ed25519: { Ed: {} },
  };
  const family = families[key.privateKey.asymmetricKeyType][alg.slice(0, 2)];
  if (!family) throw new Error(`the current key is for ${key.alg} and cannot sign ${alg}`);

  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg, kid: key.kid, ...header })}.${encode(claims)}`;
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const signature = sign(hash, Buffer.from(input), { key: key.privateKey, ...family });
  return `${input}.${signature.toString('base64url')}`;
}

// ---- The provider -----------------------------------------------------------------------------

// One store for all instances: sessions and codes outlive a rotation of keys.
const memory = createMemoryAdapter();

/** A live instance cannot change its keys, so rotation puts another one in its place. */
function replaceProvider() {
  provider = newProvider();
  serve = provider.callback();
}

function newProvider() {
  const made = new Provider(issuer, {
    adapter: (model) => (model === 'Client'
      ? { find: async (id) => clients.get(id) }
      : memory(model)),
    jwks: {
      keys: [{ ...key.privateKey.export({ format: 'jwk' }), alg: key.alg, kid: key.kid }],
    },
    clientDefaults: {
      grant_types: ['authorization_code', 'implicit'],
      response_types: ['code', 'id_token'],
      id_token_signed_response_alg: key.alg,
      require_auth_time: true,
    },
    extraClientMetadata: {
      properties: ['frontchannel_logout_uri', 'frontchannel_logout_session_required'],
    },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: {
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'nickname', 'preferred_username', 'locale'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    discovery: {
      frontchannel_logout_supported: true,
      frontchannel_logout_session_supported: true,
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        logoutSource() {},
        postLogoutSuccessSource: (ctx) => { ctx.body = 'Signed out.'; },
      },
    },
    // The library's own dispatcher refuses loopback addresses, where everything under test lives.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (_ctx, sub) => (Object.hasOwn(accounts, sub)
      ? { accountId: sub, claims: () => ({ ...accounts[sub], sub }) }
      : undefined),
    loadExistingGrant: consent,
    renderError(ctx, { error, error_description: description }) {
      ctx.type = 'text';
      ctx.body = `${error}: ${description}`;
    },
  });

  // The implicit flow is for https alone, says the standard; tests run on http.
  const { invalidate } = made.Client.Schema.prototype;
  made.Client.Schema.prototype.invalidate = function invalidateUnlessForHttp(message, code) {
    if (!code?.startsWith('implicit-')) invalidate.call(this, message, code);
  };
  const { includeSid } = made.Client.prototype;
  made.Client.prototype.includeSid = function includeSidForEitherChannel() {
    return this.frontchannel_logout_session_required || includeSid.call(this);
  };

  for (const middleware of [record, misbehave, interact, signOut]) made.use(middleware);
  made.on('server_error', (_ctx, error) => console.error(error));
  made.on('backchannel.error', (_ctx, error) => console.error(error.message));
  return made;
}

/** Grants every scope asked for. */
async function consent({ oidc }) {
  const { clientId } = oidc.client;
  const { Grant } = oidc.provider;
  const former = oidc.session.grantIdFor(clientId);
  const grant = (former && await Grant.find(former))
    || new Grant({ clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope(oidc.params.scope);
  await grant.save(86400);
  return grant;
}

/** Answers the login and consent prompts in place of a form. */
async function interact(ctx, proceed) {
  if (!ctx.path.startsWith('/interaction/')) return proceed();

  const interaction = await ctx.app.interactionDetails(ctx.req, ctx.res);
  const { prompt, session } = interaction;
  const result = { consent: {} };
  if (!next) {
    Object.assign(result, { error: 'access_denied', error_description: 'nobody signs in' });
  } else if (prompt.name === 'login') {
    result.login = { accountId: next };
    if (session && session.accountId !== next) {
      // The library would have the former account signed out by a form in between.
      await (await ctx.app.Session.findByUid(session.uid))?.destroy();
      delete interaction.session;
      await interaction.save(interaction.remainingTTL);
    }
  }
  ctx.status = 303;
  ctx.redirect(await ctx.app.interactionResult(ctx.req, ctx.res, result));
}

/** Posts the confirmation of a logout for the user, then visits the front-channel clients. */
async function signOut(ctx, proceed) {
  await proceed();
  if (ctx.oidc?.route !== 'end_session' || ctx.status !== 200) return;

  const { session } = ctx.oidc;
  const frames = [];
  for (const [id, { sid }] of Object.entries(session.authorizations ?? {})) {
    const client = await ctx.app.Client.find(id);
    if (client?.frontchannel_logout_uri) {
      const uri = new URL(client.frontchannel_logout_uri);
      uri.searchParams.set('iss', issuer);
      if (client.frontchannel_logout_session_required) uri.searchParams.set('sid', sid);
      frames.push(uri.href);
    }
  }

  const confirmed = await fetch(ctx.oidc.urlFor('end_session_confirm'), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: `${ctx.app.cookieName('session')}=${session.id}` },
    body: new URLSearchParams({ xsrf: session.state.secret, logout: 'yes' }),
  });
  const onward = confirmed.headers.get('location');
  ctx.set('set-cookie', confirmed.headers.getSetCookie());
  if (frames.length === 0) {
    ctx.status = 303;
    ctx.redirect(onward);
    return;
  }

  const attribute = (value) => `"${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
  ctx.type = 'html';
  ctx.body = `<!doctype html><title>Signing out</title>
    <body onload="location.replace(document.links[0].href)">
    ${frames.map((uri) => `<iframe hidden src=${attribute(uri)}></iframe>`).join('')}
    <a href=${attribute(onward)}>Continue</a>`;
}

// ---- What was asked, and faults ---------------------------------------------------------------

async function record(ctx, proceed) {
  if (ctx.method !== 'POST' || ctx.path !== '/token') return proceed();

  // The library takes a body that was already read from here.
  ctx.req.body = await text(ctx.req);
  const form = new URLSearchParams(ctx.req.body);
  const basic = /^Basic (.+)$/i.exec(ctx.get('authorization'))?.[1];
  const [user] = Buffer.from(basic ?? '', 'base64').toString().split(':');
  const request = {
    grant_type: form.get('grant_type'),
    client_id: form.get('client_id') ?? user,
    client_auth: clientAuth(basic, form),
    redirect_uri: form.get('redirect_uri'),
    code_verifier: form.has('code_verifier'),
  };
  requests.push(request);
  await proceed();
  request.status = ctx.status;
}

function clientAuth(basic, form) {
  if (basic) return 'client_secret_basic';
  if (form.has('client_secret')) return 'client_secret_post';
  if (form.has('client_assertion')) return 'client_assertion';
  return 'none';
}

const FAULTY = {
  '/.well-known/openid-configuration': 'discovery',
  '/token': 'token',
  '/jwks': 'jwks',
};

const FAULTS = {
  down(ctx) {
    ctx.status = 503;
  },
  slow: () => new Promise(() => {}),
  html(ctx) {
    ctx.type = 'html';
    ctx.body = '<!doctype html><title>Sign in</title><p>Welcome to the proxy.</p>';
  },
  /** More than a client should be willing to hold. */
  huge(ctx) {
    ctx.type = 'json';
    ctx.body = `{"padding":"${'x'.repeat(32 << 20)}"}`;
  },
};

async function misbehave(ctx, proceed) {
  const endpoint = FAULTY[ctx.path];
  const fault = faults[endpoint];
  if (!fault) return proceed();
  if (typeof fault === 'string') return FAULTS[fault](ctx);

  if (endpoint === 'token') {
    ctx.body = { access_token: randomUUID(), token_type: 'Bearer', expires_in: 3600, ...fault };
  } else {
    await proceed();
    ctx.body = { ...ctx.body, ...fault };
  }
}

/** The fault as `misbehave` acts on it. An object replaces fields of the true answer. */
function newFault(endpoint, fault) {
  oneOf(Object.values(FAULTY), endpoint, 'endpoint');
  if (fault !== null && typeof fault === 'object') return fault;
  if (fault === 'lies') {
    return endpoint === 'discovery' ? { issuer: 'https://elsewhere.example' } : 'html';
  }
  oneOf(['lies', ...Object.keys(FAULTS)], fault, 'fault');
  return fault;
}

// ---- Control ----------------------------------------------------------------------------------

function oneOf(names, name, what) {
  if (names.includes(name)) return;
  throw new Error(`unknown ${what} ${JSON.stringify(name)}, expected one of: ${names.join(', ')}`);
}

const CONTROL = {
  'PUT /control/clients'(list) {
    const registered = list.map((metadata) => ({
      token_endpoint_auth_method: metadata.client_secret ? 'client_secret_basic' : 'none',
      ...metadata,
    }));
    // Checked here, so that a mistake is the answer to this call and not to a later sign-in.
    for (const metadata of registered) new provider.Client(metadata);
    clients.clear();
    for (const metadata of registered) clients.set(metadata.client_id, metadata);
  },
  'PUT /control/accounts'(bySubject) {
    accounts = bySubject;
  },
  'PUT /control/next'({ account }) {
    if (account !== null) oneOf(Object.keys(accounts), account, 'account');
    next = account;
  },
  'POST /control/rotate'({ alg }) {
    key = newKey(alg);
    replaceProvider();
    return { kid: key.kid, alg: key.alg };
  },
  'POST /control/faults'(byEndpoint) {
    faults = Object.fromEntries(Object.entries(byEndpoint)
      .map(([endpoint, fault]) => [endpoint, newFault(endpoint, fault)]));
  },
  'GET /control/requests': () => requests,
  'POST /control/sign': (what) => ({ token: signed(what) }),
};

async function control(request, response) {
  const answer = (status, body) => response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(body && JSON.stringify(body));
  const route = `${request.method} ${request.url}`;
  try {
    oneOf(Object.keys(CONTROL), route, 'control');
    const result = CONTROL[route](JSON.parse(await text(request) || '{}'));
    answer(result === undefined ? 204 : 200, result);
  } catch (error) {
    answer(400, { error: error.error_description ?? error.message });
  }
}

const server = createServer((request, response) => {
  if (request.url.startsWith('/control/')) control(request, response);
  else serve(request, response);
});
server.listen(Number(port), '127.0.0.1', () => {
  issuer = `http://${host}:${server.address().port}`;
  replaceProvider();
  process.stdout.write(`listening on ${issuer}\n`);
});
process.stdin.resume().once('close', () => process.exit());
