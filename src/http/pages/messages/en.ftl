### What the pages say in English (Project Fluent). Another language is another file beside this one; what it leaves out is
### said in English. $n is a number, $it a name.

page-skip = Skip to the content
page-sign-out = Sign out
page-ways = Pages
page-undo = Undo
page-next = Next page
page-json = The same as JSON
table-json = { $it } as JSON
page-copy = Copy
page-copied = Copied
page-save = Save
page-saved = Saved.
page-remove = Remove
page-not-now = Not now
page-own = Go to your account
page-stale = Somebody else changed this meanwhile. This is how it is now; nothing of yours was written over it.
page-sent = What you sent: { $it }
page-unreachable = The server cannot be reached. Nothing was sent, and what you typed is still here; try again in a moment.

held-title = Your form waits
held-proof = This is delicate, and it is a while since you signed in. What you filled in is kept on this page.
held-session = Your session is over. What you filled in is kept on this page.
held-prove = Show in a new tab that it is you
held-sign-in = Sign in again in a new tab
held-file = The file that came with it is not kept: choose it once more on the page after it.
held-back = Come back to this tab and send the form again.
held-send = Send it again
proved-title = Thank you
proved-text = Close this tab and go back to the form that waits in the other one.

forbidden-title = You may not do this
forbidden-ask = Ask one of these:
missing-title = There is no such thing here
missing-home = Go to the start
missing-page = Nothing is served under this address. It may have been mistyped, or the page is gone.
missing-team = There is no team of that id, or none that you can see. It may have been archived.
missing-group = There is no team of that id, or none that you can see. It may have been archived.
missing-avatar = The team has no picture.
missing-archived-team = No archived team of that id can be restored. It may be back already, or was archived more than 30 days ago.
missing-user = There is nobody of that id here. They may have been removed meanwhile.
missing-role = There is no role of that id. It may have been removed meanwhile.
missing-key = There is no key of that id. It may have been revoked meanwhile.
missing-service-account = There is no service account of that id. It may have been removed meanwhile.
missing-connection = There is no connection of that id. It may have been revoked meanwhile.
missing-invite = There is no invite of that id.
missing-member = This person is not in the team any more.
missing-mapping = There is no mapping of that id. It may have been removed meanwhile.
missing-provider = There is no provider of that id. It may have been removed meanwhile.

nav-people = People
nav-teams = Teams
nav-roles = Roles
nav-service-accounts = Service accounts
nav-keys = API keys
nav-provisioning = Provisioning
nav-mappings = Mappings
nav-sign-in = Sign-in
nav-settings = Settings
nav-mail = Mail
nav-audit = Audit log

col-name = Name
col-members = Members
col-default-role = Role of newcomers
col-seen-by = Seen by
col-storage = Storage
col-created = Created
col-archived = Archived
col-until = Until
col-does = What to do
col-id = Id
col-email = E-mail
col-role = Role
col-seat = Seat
col-status = Status
col-origin = Came by
col-handle = Handle
col-belongs = Belongs to
col-key-id = Key id
col-owner = Speaks for
col-scopes = May be used for
col-used = Last used

role-admin = Admin
role-member = Member
role-viewer = Viewer
role-change = Change the role
role-change-of = Change the role of { $it }
role-of = Role of { $it }
seat-full = Full
seat-viewer = Viewer
seat-none = None
status-active = Active
status-deactivated = Deactivated
origin-scim = identity provider
origin-invite = invite
origin-admin = an admin
origin-claim = sign-in
origin-mapping = mapping
invite-pending = Invite pending
invite-expired = Invite expired
invite-accepted = Accepted
invite-cancelled = Withdrawn

teams-new = Create new team
teams-create = Create team
teams-archived = Archived teams
teams-archived-none = No team is archived
teams-archived-hint = An archived team can be restored for 30 days, with its members and their roles.
teams-none = There is no team yet
teams-none-create = Create the first one, or push a group from your identity provider: each group becomes a team.
teams-none-ask = You are in no team yet, and none is open. Ask an admin of the organization to add you to one.
team-name = Team name
team-name-hint = The old name still leads to the team.
team-created = { $it } is there. Invite its members now.
team-restored = { $it } is back, with its members.
team-restore = Restore
team-restore-it = Restore { $it }
team-hidden = its members
team-open = everybody
team-default-role-hint = What those become who are pushed into the team by an identity provider.
team-storage = Storage type
team-storage-hint = Where the team keeps what it makes. Chosen once, here; it cannot be changed later.
team-avatar = Picture
avatar-file = A picture for the team
avatar-hint = PNG, JPEG, GIF or WebP, at most 700 KB. The middle of it is shown, as a square.
avatar-upload = Use this picture
avatar-remove = Remove the picture
avatar-set = The team has another picture.
avatar-removed = The team has no picture any more.
team-tabs = Pages of { $it }
team-home = Home
team-n-members = { $n ->
    [one] one member
   *[other] { $n } members
}
team-own-role = Your role
team-not-in = You are not in this team
team-leave = Leave this team
team-leave-means = You lose what the team lets you do, at once. What you made stays yours. An admin of the team can add you again.
team-leave-now = Leave
team-left = You are out of the team.
team-privacy = Privacy
team-enforced = The organization decides this for all teams.
team-switch-hidden = Hide the team from those who are not in it
team-switch-privateprojects = Make every new project private
team-switch-membersinvite = Let every member invite others
team-switch-nopublicreports = Share no report of a private project with the public
team-switch-codesaving = Save code by default
team-archive = Archive this team
team-archive-it = Archive { $it }
team-archive-short = It is gone for its members and for identity providers, and can be restored for 30 days.
team-archive-members = { $n ->
    [one] Its one member loses what the team lets them do, at once.
   *[other] Its { $n } members lose what the team lets them do, at once.
}
team-archive-scim = Identity providers see the group no more; its name is free for another team.
team-archive-restore = An admin can restore it for 30 days, with its members and their roles. After that it is gone.
team-was-archived = { $it } is archived. It can be restored for 30 days.
storage-instance = The server's own
storage-own = A bucket of the team's own
storage-aws = Amazon S3
storage-gcp = Google Cloud Storage
storage-azure = Azure Blob Storage
storage-minio = MinIO
storage-coreweave = CoreWeave
storage-bucket = Bucket
storage-path = Path within the bucket (optional)
storage-key = Id of the encryption key (optional)

member-add = Invite a member
member-who = E-mail address or username
member-invite = Invite
member-add-hint = Who is known here becomes a member at once. An address that nobody has gets an invite.
member-added = { $it } is a member now.
member-invited = { $it } is invited.
member-role-changed = { $it } has another role now.
member-removed = { $it } is out of the team.
member-gone = This person was out of the team already.
member-remove-it = Remove { $it } from the team
member-team = team
members-none = Nobody is in this team yet
members-none-hint = Invite the first member above, or push the group from your identity provider.
invites-pending = Pending invites
invite-link = The link for { $it }
invite-link-once = It is shown here once. Whoever has it is let in as the person invited, so hand it to nobody else. A link made before for the same address no longer works.
invite-cancel = Withdraw
invite-cancel-it = Withdraw the invite of { $it }

roles-about = Custom roles inherit from a predefined one and add permissions to it. Admins of teams give them to members.
roles-none = There is no custom role yet
roles-none-hint = Make one where member permits too little and admin too much.
role-new = Create custom role
role-create = Create role
role-created = The role { $it } is there. Admins of teams can give it to members now.
role-changed = The role { $it } is changed.
role-removed = The role { $it } is gone.
role-description = Description
role-base = Inherits from
role-added = Permissions added
role-permissions = Permissions
role-permissions-hint = What the role inherits it has anyway; tick what it adds.
role-find = Find a permission
role-preview = Show whom it concerns
role-impact = If you save this
role-impact-people = { $n ->
    [0] Nobody has this role.
    [one] One person has this role.
   *[other] { $n } people have this role.
}
role-impact-memberships = { $n ->
    [0] {""}
    [one] In one team.
   *[other] In { $n } memberships of teams.
}
role-impact-none = Nothing changes in what it permits.
role-gained = gained:
role-lost = lost:
role-remove = Remove this role
role-remove-it = Remove the role { $it }
role-remove-means = Whoever has it becomes { $it } in the same teams.

service-account-new = New service account
service-account-create = Create
service-account-created = { $it } is there. Make its first key now.
service-account-hint = A machine of this team with keys of its own. It takes no seat.
service-account-organization-hint = A machine of the organization: it reaches every team and may use SCIM. It takes no seat.
service-account-default-team = Default team (optional)
service-account-remove = Remove this service account
service-account-remove-it = Remove { $it }
service-account-remove-means = Its keys stop working at once, and whatever uses them with it. What it made stays credited to it.
service-account-removed = { $it } is gone, and its keys with it.
service-accounts-none = There is no service account yet
belongs-team = a team
belongs-organization = the organization

keys-about = Every key of people and service accounts. A key is shown once, when it is made; here stands what it is and when it was last used.
keys-none = There is no key yet
keys-none-hint = People make keys on their account page; a service account gets its keys on its own page.
keys-none-service = Make the first one above, and hand it to the machine.
key-new = New key
key-create = Create key
key-made = The key { $it }
key-until = Ends on (optional)
key-scopes = May be used for
key-scopes-hint = Without a tick it may do everything that its owner may.
key-everything = everything
key-never = never
key-revoke = Revoke
key-revoke-now = Revoke it now
key-revoke-it = Revoke the key { $it }
key-revoked = The key is revoked. The next request with it is refused.
secret-again = It is not kept until the form is saved: type it again.
secret-once = It is shown here once and kept nowhere. Copy it now.

page-more = More choices
col-since = Since
minutes-ago = { $n ->
    [0] just now
    [one] a minute ago
   *[other] { $n } minutes ago
}
minutes = { $n ->
    [one] one minute
   *[other] { $n } minutes
}

connection = Connection
connections = Connections
connections-none = No identity provider is connected
connections-none-hint = Connect yours, and people and teams follow what it says. The next page makes the address and the token that it needs, and says where to put them.
connection-new = Connect an identity provider
connection-about = A connection is the link of one identity provider into this organization, with tokens, rights and a log of its own.
connection-provider = Identity provider
connection-name-hint = What you will find it by, such as Okta or Entra test tenant.
connection-create = Connect
connection-profile = How its requests are read
connection-last-call = Last call
connection-cycle = Expected every
connection-tokens = Tokens
connection-leniencies = Leniencies used
connection-paused = Paused
connection-late = Late
connection-no-token = No token
connection-unused = Not used yet
connection-works = Works
connection-read-only = Read only
connection-switches = What it may do
connection-adoption = Somebody whom it did not make
connection-mail = Mail to people whom it makes
connection-cycle-minutes = Expected to call every so many minutes (optional; warns when it is late)
connection-revoke = Revoke this connection
connection-revoke-it = Revoke { $it }
connection-revoke-tokens = Its tokens stop working at once.
connection-revoke-people = The people and teams that it made stay as they are; from then on admins change them here.
connection-revoke-final = It cannot be taken back. To stop it for a while, pause it instead.
connection-revoked = The connection is revoked.
connection-switch-paused = Pause it: every request is answered with 503 and may be tried again later
connection-switch-readonly = Let it read and change nothing
connection-switch-create = Let it create people
connection-switch-update = Let it change people
connection-switch-deactivate = Let it deactivate people
connection-switch-delete = Let it delete people
connection-switch-groups = Let it create, change and delete groups, which are teams here
profile-standard = Forgiving: what real identity providers send is understood (recommended)
profile-strict = Strict: the standard to the letter, for conformance tests
profile-strict-interop = Strict, with what is widely done beside the letter
profile-wandb = As W&B Server answers, for scripts written for it
adoption-rule-link = becomes its own with the first change
adoption-rule-queue = waits until an admin agrees
adoption-rule-refuse = is refused
mail-rule-organization = as the organization's settings say
mail-rule-send = always
mail-rule-skip = never
adoptions = Waiting for you
adoptions-about = A connection wants to change people whom it did not make. Until you agree nothing happens to them.
adoption-approve = Agree
adoption-approve-it = Agree about { $it }
adoption-refuse = Refuse
adoption-refuse-it = Refuse about { $it }
adoption-now-approved = Agreed. With its next try the connection has this person.
adoption-now-refused = Refused. The connection does not get this person.
adoption-state-asked = waits
adoption-state-refused = refused
adoption-state-approved = agreed

token-made = The token of { $it }
token-new-made = The new token
token-revoked = The token is revoked. The next request with it is refused.
token-revoke-it = Revoke the token { $it }
token-declared = declared
token-soon = ends soon
token-ends-soon = A token of { $it } ends soon:
token-renew = Make another
token-days = Works for so many days (optional)
token-read-only = Reads only
token-create = Create token
token-rotate = To replace a token without a gap: make a second one, put it into the identity provider, then revoke the first.
tokens-none = There is no token, so nobody can use this connection. Make one below.
leniency-rule = Rule
leniency-uses = Requests
leniencies-none = None: everything that it sent was to the letter of the standard.
leniencies-about = Where its requests depart from the standard and were understood all the same. docs/reference/quirks.md says what each rule is.

guide-title = How to connect it
guide-url = SCIM address
guide-token = Token
guide-token-above = It stands above, once.
guide-token-new = It was shown when it was made. Make another below if it is lost.
guide-then = Then assign one person to try it, and look at the provisioning log: each request and what came of it stands there.
guide-try = To see it work before your identity provider is ready, play one for a day against this server, with the token in ROSTER_CONFORMANCE_TOKEN; --keep leaves the people and teams that it makes:
guide-okta-1 = In the Okta admin console choose Applications, Browse App Catalog, and add “SCIM 2.0 Test App (OAuth Bearer Token)”, or open your own app.
guide-okta-2 = On its Provisioning tab choose Configure API Integration and tick Enable API integration.
guide-okta-3 = Paste the SCIM address as Base URL and the token as OAuth Bearer Token; choose Test API Credentials, then Save.
guide-okta-4 = Under To App choose Edit and tick Create Users, Update User Attributes and Deactivate Users.
guide-okta-5 = Assign people on the Assignments tab, and push groups on the Push Groups tab: each becomes a team here.
guide-entra-1 = In the Microsoft Entra admin center choose Enterprise applications, New application, Create your own application, “Integrate any other application you don’t find in the gallery”.
guide-entra-2 = Open Provisioning, choose Get started and set the mode to Automatic.
guide-entra-3 = Paste the SCIM address as Tenant URL and the token as Secret Token; choose Test Connection, then Save.
guide-entra-4 = Under Mappings keep users and groups switched on. Append ?aadOptscim062020 to the Tenant URL if you want the newest behaviour; both are understood.
guide-entra-5 = Assign users and groups under Users and groups, then choose Start provisioning. Entra calls about every 40 minutes: set that as the expected cycle below.
guide-onelogin-1 = In OneLogin’s administration choose Applications, Add App, and add “SCIM Provisioner with SAML (SCIM v2 Core)”.
guide-onelogin-2 = Under Configuration paste the SCIM address as SCIM Base URL and the token as SCIM Bearer Token, then Enable.
guide-onelogin-3 = Under Provisioning tick Enable provisioning, and decide what needs an admin’s approval.
guide-onelogin-4 = Give the app to people by roles. Groups come by rules of the app that set Groups from roles.
guide-jumpcloud-1 = In the JumpCloud admin portal choose SSO Applications and open your application, or a custom one.
guide-jumpcloud-2 = On its Identity Management tab choose SCIM 2.0 and paste the SCIM address as Base URL and the token as Token Key.
guide-jumpcloud-3 = Enter the address of a person who is not in JumpCloud as the test user, choose Test Connection, then Activate.
guide-jumpcloud-4 = Tick Enable management of User Groups, and bind the user groups that shall be teams here.
guide-ping-1 = In PingOne choose Integrations, Provisioning, and add a new connection of the kind Identity Store, SCIM Outbound.
guide-ping-2 = Paste the SCIM address as SCIM Base URL, choose SCIM version 2.0 and the authentication OAuth 2 Bearer Token, and paste the token.
guide-ping-3 = Leave the user filter expression as it is (userName Eq "%s") and choose Test Connection, then Save.
guide-ping-4 = Add a rule from PingOne to this connection, choose who is in it, and switch both on.
guide-keycloak-1 = Keycloak sends SCIM by an extension, such as scim-for-keycloak or keycloak-scim. Install one and restart Keycloak.
guide-keycloak-2 = Add a federation or remote SCIM provider with the SCIM address as its endpoint, authentication Bearer, and the token.
guide-keycloak-3 = Switch on the propagation of users and groups, and start a full synchronization once.
guide-authentik-1 = In authentik’s admin interface choose Applications, Providers, Create, SCIM Provider.
guide-authentik-2 = Paste the SCIM address as URL and the token as Token.
guide-authentik-3 = Choose which users and groups are sent; their property mappings can stay as they are.
guide-authentik-4 = Open the application that people use, add the provider under Backchannel Providers, and start a sync on the provider’s page.
guide-other-1 = Give the client the SCIM address above as its base URL; its endpoints are /Users and /Groups below it.
guide-other-2 = Let it send the token in the header Authorization: Bearer, in every request.
guide-other-3 = Try it by hand: curl -H "Authorization: Bearer TOKEN" and the address followed by /Users?count=1 answers with a list.

event-organization-created = Organization created
event-user-created = Person created
event-user-changed = Person changed
event-user-removed = Person removed
event-user-linked = User taken over by a connection
event-adoption-asked = Adoption waits for an admin
event-adoption-refused = Adoption refused
event-adoption-now-refused = Adoption refused
event-password-reset = Password reset
event-password-changed = Password changed
event-second-factor-added = Second factor added
event-second-factor-removed = Second factor removed
event-recovery-code-used = Recovery code used
event-recovery-codes-made = Recovery codes made
event-session-started = Signed in
event-session-ended = Session ended
event-sign-in-refused = Sign-in refused
event-identity-linked = Identity linked
event-provider-created = Provider created
event-provider-changed = Provider changed
event-provider-removed = Provider removed
event-team-created = Team created
event-team-changed = Team changed
event-team-restored = Team restored
event-team-removed = Team removed
event-member-changed = Member of a team changed
event-team-archived = Team archived
event-role-created = Role created
event-role-changed = Role changed
event-role-removed = Role removed
event-connection-created = Connection created
event-connection-changed = Connection changed
event-connection-revoked = Connection revoked
event-token-created = Token created
event-token-revoked = Token revoked
event-key-created = API key created
event-key-changed = API key renamed
event-key-revoked = API key revoked
event-service-account-created = Service account created
event-service-account-removed = Service account removed
event-invite-created = Invite created
event-invite-renewed = Invite renewed
event-invite-changed = Invite changed
event-invite-cancelled = Invite cancelled
event-invite-accepted = Invite accepted
event-mail-tested = Test letter sent
event-issuer-created = Issuer created
event-issuer-removed = Issuer removed
event-token-exchanged = Token exchanged
event-mapping-created = Mapping created
event-mapping-removed = Mapping removed
event-users-exported = People exported
event-users-imported = People imported
event-settings-changed = Settings changed
event-schema-changed = Schema changed
event-schema-removed = Schema removed
event-journal-trimmed = Journal trimmed
event-request-denied = Request refused

audit-export = Export
audit-kind = What
audit-named = name or id
audit-actor = Who did it
audit-since = From
audit-until = Before
audit-at = When
audit-who = Who
audit-whom = Whom or what
audit-detail = Details
audit-more = Details
audit-request = request { $it }
audit-none = Nothing of the kind happened
audit-none-named = People are found by name, user name or e-mail address, teams and connections by name; all else, and who or what is gone, by id.
audit-none-hint = Loosen the filters, or wait a second: events appear once they are sealed.
filter-any = Any
filter-show = Show

seats-full = Full seats used
seats-viewer = Viewer seats used
seats-admins = Active admins
seats-one-admin = One admin is alone: make a second one, for who is alone cannot be replaced.
seats-left = { $n ->
    [0] None is left. Raise the number below, or deactivate somebody.
    [one] One is left.
   *[other] { $n } are left.
}
seats-reserved = { $n } held for invites.
seats-any = There is no limit.
settings-people = People
settings-license = License
settings-teams = Teams
settings-enforced = Decided for all teams
settings-keys = API keys
settings-provisioning = Over SCIM
settings-audit = Audit log
settings-sign-in = Signing in
settings-mail = Mail
setting-locked = The server’s environment decides this ({ $it }).
setting-invitations = Admins and teams can invite people
setting-invitedays = Days that an invite can be accepted
setting-personalprojects = People may have projects outside of teams
setting-license-full = Full seats (empty: no limit)
setting-license-viewer = Viewer seats (empty: no limit)
setting-seatoverflow = Somebody new, and no seat left
setting-userteamcreation = Members may create teams
setting-adminteamaccess = Admins may let themselves into teams
setting-teamserviceaccountcreation = Teams may make service accounts
setting-enforced-hidden = Every team is hidden from those who are not in it
setting-enforced-privateprojects = Every new project is private
setting-enforced-adminsinvite = Nobody but admins invites into teams
setting-enforced-nopublicreports = No report is shared with the public
setting-enforced-nocodesaving = Code is not saved by default
setting-keycreation = People and teams may make keys
setting-viewerkeys = Viewers may have keys that only read
setting-scimgroupdelete = A group is deleted
setting-keyprofile = How requests with a key are read
setting-eventretentiondays = Days that events are kept (empty: for ever)
setting-passwordsignin = People may sign in with a password kept here
setting-ssoprovisioning = Whoever signs in by single sign-on and is not known becomes a member
setting-sessionhours = Hours that a session lasts at most
setting-sessionidlehours = Hours without use after which it ends
setting-mailfrom = Sender (empty: the server’s own)
setting-scimmail = People whom an identity provider makes get mail that says so
choice-refuse = is refused
choice-none = comes in without one
choice-forbid = it is refused
choice-archive = the team is archived for 30 days
choice-delete = the team is gone for good
choice-standard = forgiving (standard)
choice-strict = strict
choice-strict-interop = strict, with what is widely done
choice-wandb = as W&B Server

mail-off = No mail server is configured, so nobody gets mail: hand over links by yourself. Set ROSTER_SMTP_URL where the server is started.
mail-test = Try it
mail-to = E-mail address
mail-send-test = Send a test letter
mail-test-sent = The letter was handed to { $it }.
mail-test-failed = It was not sent: { $it }
mail-letters = Letters
mail-none = No letter was written yet
mail-none-hint = Invites, lost passwords and arrivals over SCIM write letters.
mail-kind = About
mail-reason = Why
mail-sent-at = Sent
mail-state-queued = waits
mail-state-sent = sent
mail-state-failed = failed
letter-invite = an invite
letter-arrival = an arrival
letter-password = a password

mappings-about = A mapping gives people a role because of a group that your identity provider pushes, or of a claim that it makes at sign-in.
mappings-none = There is no mapping yet
mappings-none-hint = Say below which group or claim gives which role. Whoever leaves the group loses it again.
mapping-new = New mapping
mapping-create = Create mapping
mapping-made = The mapping is there, and what it gives is given.
mapping-removed = The mapping is gone, and what it alone gave with it.
mapping-remove = Remove this mapping
mapping-remove-means = Whoever has a role because of it alone loses that role.
mapping-from = From
mapping-to = Gives
mapping-group = group
mapping-claim = claim
mapping-organization = { $it } of the organization
mapping-group-name = Group
mapping-or-claim = or a claim at sign-in:
mapping-claim-name = Claim
mapping-claim-value = Its value
mapping-organization-role = Role in the organization
mapping-or-team = or a role in a team:
mapping-team = Team
mapping-team-role = Role in that team
mapping-would = Whom it would change
mapping-affected = { $n ->
    [0] Nobody changes now.
    [one] One person changes now.
   *[other] { $n } people change now.
}

providers = Where else people sign in
providers-none = Nowhere yet: people sign in with a password that is kept here. Add your OpenID provider or directory below; try it before you switch it on.
provider-kind = Kind
provider-where = Address
provider-on = On
provider-off = Off
provider-new-oidc = Add an OpenID provider
provider-new-ldap = Add an LDAP directory
provider-create = Add
provider-made = { $it } is there and switched off. Try it, then switch it on.
provider-issuer = Issuer
provider-client = Client id
provider-secret = Client secret (empty for a public client)
provider-secret-new = Another secret (empty keeps the one there is)
provider-address = Address
provider-base = Base DN
provider-bind = Bind DN (optional)
provider-bind-secret = Its password
provider-start-tls = Turn to TLS before anything is said (StartTLS)
provider-test = Does it work?
provider-ask = Ask it
provider-try = Sign in by it, for a try
provider-works = It answers as it should.
provider-fails = It does not work: { $it }
provider-endpoint = Sends people to
provider-keys = Keys
provider-people = People found
provider-redirect = Redirect URI
provider-settings = Settings
provider-enable = People may sign in by it
provider-scopes = Scopes beside openid, profile and email
provider-claims = Names of claims
provider-claim-username = User name
provider-claim-email = E-mail address
provider-claim-name = Name
provider-claim-groups = Groups
provider-logins = Attributes that people type as their login
provider-filter = Filter of those who may sign in (optional)
provider-group-base = Base DN of groups (optional)
provider-allowed = Groups whose members may sign in, one a line (empty: all)
provider-nested = Groups within groups count
provider-rules = Whom it lets in
provider-domains = Domains of addresses, one a line (empty: all)
provider-required = Groups of which one is needed, one a line (empty: none)
provider-adoption = Somebody who is here already
provider-adoption-link = is the same person
provider-adoption-queue = waits until an admin agrees
provider-adoption-refuse = does not come in
provider-trust = Take addresses that it does not call verified
provider-group-sync = Make people’s teams what the groups name, at every sign-in
provider-identifiers = Take over user name and name, at every sign-in
provider-remove = Remove this provider
provider-remove-it = Remove { $it }
provider-remove-means = Nobody signs in by it any more, and who people are there is forgotten. Whoever has no other way in needs a password.
provider-removed = The provider is gone.
identities-about = They came from a provider that says they are somebody who is here. Until you agree they do not come in.
identity-subject = Called there

nav-system = System
col-username = Username
col-last-active = Last active
col-teams = Teams
col-team = Team
col-source = Source
source-scim = Identity provider
source-admin = An admin
source-invite = Invite
source-sign-in = Sign-in
people-add = Add user
people-add-new = Add new user
people-import = Import
people-export = Export
people-search = Search by name or e-mail address
people-tick-all = Tick everybody on this page
people-tick = Tick { $it }
people-none = Nobody was found
people-none-hint = Search for less, loosen a filter, or add somebody.
people-seats = Full seats: { $it }
people-viewer-seats = Viewer seats: { $it }
seats-full-warning = Every full seat is taken ({ $it }). Deactivate somebody, change a seat, or raise the license.
people-emails = E-mail addresses
people-emails-hint = One, or many with commas or a line each.
people-teams = Teams (optional, with commas)
people-send = Send an invite by e-mail. The link stands on the next page in any case.
teams-more = { $n ->
    [one] and one more
   *[other] and { $n } more
}
days-active = { $n ->
    [one] active on one day
   *[other] active on { $n } days
}
invites-made = Invited
invite-becomes = Becomes
invite-renew = Send again
invite-renew-it = Send again: the invite of { $it }
invite-withdrawn = The invite is withdrawn; its link works no more.
bulk-title = With those who are ticked:
bulk-role = Give this role
bulk-seat = Give this seat
bulk-team = Add to this team
bulk-changed = { $n ->
    [0] Nobody was changed.
    [one] One person was changed.
   *[other] { $n } people were changed.
}
bulk-refused = { $n ->
    [one] One could not be:
   *[other] { $n } could not be, the first because:
}
import-about = A table as CSV with a line of column names; username alone must be there. Who is there already is changed; what the table does not say stays.
import-file = A file
import-text = or its text
import-create-teams = Make teams that are not there
import-partial = Take the rows that can be taken, even if others cannot
import-not-utf8 = Expected a file in UTF-8, found something else in line { $n }. Spreadsheets offer it as “CSV UTF-8”.
import-preview = Show what it would do
import-now = Import now
import-would = If you import this
import-nothing = Nothing was imported: some rows cannot be taken. Mend them, or tick below that the others are taken without them.
import-left-out = { $n ->
    [one] One row was left out.
   *[other] { $n } rows were left out.
}
import-done = Imported: { $n } people made or changed.
import-created = { $n } new.
import-changed = { $n } changed.
import-unchanged = { $n } as they are.
import-teams = { $n } new teams.
import-problems = { $n ->
    [one] One row cannot be taken:
   *[other] { $n } rows cannot be taken:
}
import-line = Line { $n }

person-menu = What to do with { $it }
person-create = Create somebody without an invite
person-create-hint = For tests, or where people sign in elsewhere: the account is there at once, and nobody gets mail. Whoever is to have a password chooses it by “Forgot the password?” on the sign-in page, which takes a mail server.
person-create-now = Create
person-created = { $it } is there.
person-profile = Profile
person-emails = E-mail addresses, the preferred one first
person-scim-hint = An identity provider looks after this person: with its next push it may change this back.
person-standing = Role, seat and teams
person-save-role = Save the role
person-save-seat = Save the seat
person-seat = Change the seat
person-role-changed = { $it } is { $other } now.
person-seat-changed = { $it } has another seat now.
person-deactivate = Deactivate
person-deactivate-it = Deactivate { $it }
person-deactivate-sessions = { $n ->
    [0] They are signed in nowhere, and cannot sign in any more.
    [one] Their one session ends at once, and they cannot sign in any more.
   *[other] Their { $n } sessions end at once, and they cannot sign in any more.
}
person-deactivate-keys = { $n ->
    [0] They have no keys.
    [one] Their one key ends at once, for good.
   *[other] Their { $n } keys end at once, for good.
}
person-deactivate-stays = Their teams and roles stay, and come back when you reactivate them.
person-deactivate-seat = Their seat is free.
person-deactivated = { $it } is deactivated.
person-reactivate = Reactivate
person-reactivated = { $it } is active again. Keys that ended stay ended.
person-remove = Remove user
person-remove-it = Remove { $it }
person-remove-access = They lose access at once: sessions and keys end.
person-remove-teams = { $n ->
    [0] They are in no team.
    [one] They leave one team.
   *[other] They leave { $n } teams.
}
person-remove-credit = What they made stays credited to their name.
person-remove-final = It cannot be taken back. To keep the way open, deactivate them instead.
person-remove-scim = An identity provider made this person. It will make them again as long as they are assigned there.
person-removed = { $it } is removed.
person-document = The SCIM document
access-why = Why does this person have this access?
access-inactive = Deactivated: nothing of this holds until the person is active again.
access-organization = In the organization: { $it }
access-no-teams = In no team.
reason-default = what everybody begins as
reason-decision = decided here
reason-membership = membership
reason-mapping = mapping
reason-team = a team within this one
link-connection = connection
link-group = group
link-claim = claim
link-mapping = mapping gives
link-team = team
link-origin = came by
link-role = role
link-admin = admin
link-invite = invite
link-person = by
link-user = by
sessions = Sessions
sessions-none = Signed in nowhere.
session-browser = Browser
session-address = Address
session-end = End
session-end-it = End session { $n }
session-ended = The session has ended.
second-factor-lost = Lost the second factor?
second-factor-means = They sign in with the password alone until they add another. Make sure first that it is they who ask.
second-factor-remove = Take the second factor away
second-factor-removed = The second factor is gone.
identities = Linked identities
identities-none = None: this person signs in with what is kept here, or never did.
identity-provider = Provider
identity-linked = linked
identity-asked = waits
identity-refused = refused
identity-unlink = Unlink
identity-unlink-it = Unlink identity { $n }
timeline = What happened
timeline-none = Nothing yet.
timeline-all = All of it in the audit log

activity = Activity
activity-window = How far back
activity-people = Different people who were here
activity-chart = People who were here, by the { $it }
activity-numbers = The numbers
activity-from = From
window-30d = 30 days
window-3m = 3 months
window-6m = 6 months
window-12m = 12 months
window-all = All
unit-day = day
unit-week = week

system-version = Version
system-engine = Database
system-size = Size
system-counts = How much there is
system-events = Events kept
system-server = Server
system-url = Address
system-url-none = not known; set ROSTER_PUBLIC_URL
system-mail-on = a mail server is configured
system-schema = Schema
system-health = Health
system-nodes = Processes that serve
system-started = Started
system-seen = Last seen

nav-account = Your account
own-keys = Your API keys
own-keys-none = Make one above for scripts that ask in your name.
own-teams = Your teams
own-teams-none = You are in no team yet
own-default-team = Team that is meant when none is named
own-leave = Leave the organization
own-leave-access = You lose access at once: every session and key of yours ends.
own-leave-credit = What you made stays credited to your name.
own-leave-back = To come back you need another invite.
team-leave-it = Leave { $it }

log-title = Provisioning log
log-about = Each request of an identity provider, the newest first: what came of it, by which rule, and whom it affected. Kept for 14 days.
log-outcome = Outcome
log-request = Request
log-said = What was said
log-rules = Leniencies
log-rules-none = none: it was to the letter
log-none = No request yet
log-none-hint = Test the connection in your identity provider, and its first requests stand here within a second or two.
log-took = { $n } ms
log-affected = What it changed
log-affected-none = Nothing changes by it.
log-body = Its body
log-body-large = It was too large to keep: { $n } bytes.
log-body-none = It had none.
log-replay = What would come of it now?
log-replay-about = The same request against everything as it is now, as a rehearsal: nothing changes. Passwords are not kept, and so left out.
log-replay-now = Replay as a dry run
log-replayed = Now it would be answered with { $n }
log-left-out = Left out, because they are not kept: { $it }
outcome-read = read
outcome-changed = changed
outcome-refused = refused
health-day = Requests in 24 hours
health-refused = { $n ->
    [0] none refused
    [one] one refused
   *[other] { $n } refused
}
health-rate = Refused of all
health-last-refusal = Last refusal
missing-request = There is no request of that id. Requests are kept for 14 days.

sign-in-title = Sign in
sign-in-go = Sign in
sign-in-back = Back to sign-in
sign-in-login = User name or e-mail address
sign-in-forgot = Forgot the password?
sign-in-forgot-ask = Forgot the password? An admin can give you another.
sign-in-no-password = Nobody signs in with a password here. Ask an admin of { $it } how to sign in.
sign-in-with = With { $it }
sign-in-name-at = Name at { $it }
sign-in-password-at = Password at { $it }
sign-in-go-with = Sign in with { $it }
sign-in-new-server = This server is new and has no admin yet.
sign-in-first-link = Whoever started it finds a link in what { $it } printed; that link makes the first admin.
sign-in-first-link-again = A restart, or { $it }, prints another.

code-title = Enter a code
code-label = The code that your app shows, or a recovery code
code-lost = Without the app and without recovery codes, an admin of { $it } can take the second factor away.

again-title = Is it you?
again-why = This is delicate, and it is a while since you signed in. Show once more that it is you.
again-at = Go on at { $it }
again-go = Go on

logout-title = Sign out?
logout-stay = Stay signed in
logout-out = You are signed out
logout-nobody = Nobody goes on here as you.
onward-title = Signing out
onward-out = You are signed out here
onward-why = You go on to sign out where you came from, too.
onward-go = Go on

password-label = Password
password-new = New password
password-rule = At least 8 characters, and not easy to guess. A few words do well.
password-weak = This password is too easy to guess.
password-score = { $n } of 4
password-score-needed = { $n } of 4; 3 is needed.
password-choose = Choose a password
password-choose-it = Choose it
password-temporary = The one you signed in with was temporary. You will sign in with this one from now on.
password-another = Choose another password
password-goes-on = Your other sessions end; this one goes on.
password-signs-out = You will be signed out everywhere, and sign in with this one from now on.
password-keep = Keep the one there is
password-changed-title = Your password is another now
password-changed = Every session that you had has ended.

forgotten-title = Forgot the password
forgotten-about = A letter with a link goes to the address of the account. The link lets you choose another password.
forgotten-send = Send the letter
forgotten-no-mail = This server sends no letters. Ask an admin of { $it } for a temporary password.
forgotten-sent-title = Look into your mail
forgotten-sent = If there is an account of that name, a letter with a link is on its way to it. The link works for an hour. If no letter comes, ask an admin of the organization.

first-admin-title = Create the first admin
first-admin-about = You will be the admin of { $it }: you invite others, connect an identity provider, and make other people admins.
first-admin-email = E-mail address
first-admin-create = Create the admin

join-title = Join { $it }
join-as = You are invited as { $it }.
join-teams = Your teams: { $it }.
join-now = Join
join-no-password = Nobody signs in with a password here. Sign in as you do at work, with the address that was invited; what the invite gives waits for you.
join-over = This invite is over

account-title = Your account
account-back = Back to your account
account-you = You
account-name-none = none yet
account-user-name = User name
account-email-none = none
account-role-admin = admin
account-role-member = member
account-role-viewer = viewer
account-teams-none = none yet; a team's admin can add you
account-signing-in = Signing in
account-password-another = Choose another
account-password-none = none here; you sign in elsewhere
account-password-add = Choose one for here, too
account-second-factor-on = on, { $n } recovery codes left
account-second-factor-off = off
account-second-factor-change = Change
account-second-factor-add = Add one
account-have = What you have
account-sessions = Where you are signed in
account-session-this = (this one)
account-browser-unknown = unknown
account-end-others = End all others

second-factor-title = Second factor
second-factor-about = Read this with an app that makes codes. From then on a password alone, here or in a directory, does not let you in: a code of the app is asked for, too. Who signs in at a provider is asked what that provider asks.
second-factor-picture = What the app reads; the text below says the same
second-factor-type = Or type it there: { $it }
second-factor-code = The code that the app shows now
second-factor-turn-on = Turn it on
second-factor-is-on = It is on, and { $n } recovery codes are left.
second-factor-other-codes = Make other recovery codes
second-factor-turn-off = Turn it off
second-factor-off-means = Off, your password alone lets you in.
codes-title = Recovery codes
codes-about = Each of these lets you in once when you do not have the app. They are shown this once: write them down, or keep them where you keep passwords.
codes-kept = I have kept them

not-in-asked-title = An admin decides first
not-in-asked = Tell an admin of the organization.
not-in-unwelcome-title = You do not come in here yet
not-in-unwelcome = Ask an admin of the organization; they can invite you, or say why.
not-in-late-title = Begin again
not-in-refused-title = The provider did not let you in
not-in-refused = Its admins can say why.
not-in-untrue-title = The provider's answer cannot be trusted
not-in-untrue-why = What it says of you cannot be verified.
not-in-untrue = Nothing was done. Tell an admin of the organization.
not-in-away-title = The provider does not answer
not-in-away-why = It cannot be asked now.
not-in-away = Try again in a moment.
not-in-too-many-title = Too many attempts
tried-title = What { $it } says
tried-meaning = What it would mean here
tried-nothing = Nobody was signed in, and nothing was changed. Once it is enabled, people sign in by it.
tried-claims = Every claim
tried-claim = Claim
tried-value = Value

failed-foreign-title = This did not come from here
failed-foreign = No page of this server sent this form, so nothing was done. Open the page here and try again.
failed-provider-title = There is no such provider
failed-provider = Nobody signs in by it, or not any more.
failed-page-title = There is no such page
failed-page = Nothing is served here.
failed-link-title = This link does not work
failed-link = It was used already, its time is over, or it was not copied whole. Ask whoever gave it to you for another.
failed-busy = Too much is going on
failed-here = Something went wrong here
failed-undone = This could not be done
failed-sign-in = Go to sign-in
