// An Express application that serves SCIMMY from memory: `node app.mjs PORT`, with the token in SCIM_TOKEN.
// The base URL is http://127.0.0.1:PORT/scim/v2. The handlers do what SCIMMY's documentation leaves to the
// application: store, look up, refuse a name that is taken, and say which groups a user is in.

import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const port = Number(process.argv[2]);
const token = process.env.SCIM_TOKEN;
const users = new Map();
const groups = new Map();

const notFound = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
const plain = (data) => JSON.parse(JSON.stringify(data));

function store(map, resource, data, others) {
  const old = resource.id ? map.get(resource.id) : undefined;
  if (resource.id && !old) throw notFound(resource.id);
  const id = resource.id ?? randomUUID();
  others?.(id);
  const now = new Date().toISOString();
  const kept = { ...plain(data), id, meta: { created: old?.meta.created ?? now, lastModified: now } };
  map.set(id, kept);
  return kept;
}

function find(map, resource, shown = (it) => it) {
  if (resource.id) {
    if (!map.has(resource.id)) throw notFound(resource.id);
    return shown(map.get(resource.id));
  }
  const all = [...map.values()].map(shown);
  return resource.filter ? resource.filter.match(all) : all;
}

function drop(map, resource) {
  if (!map.delete(resource.id)) throw notFound(resource.id);
}

const withGroups = (user) => ({
  ...user,
  groups: [...groups.values()]
    .filter((group) => group.members?.some((member) => member.value === user.id))
    .map((group) => ({ value: group.id, display: group.displayName, type: "direct" })),
});

function nameIsFree(name) {
  return (id) => {
    const taken = (user) => user.id !== id && user.userName.toLowerCase() === name?.toLowerCase();
    if ([...users.values()].some(taken)) {
      throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
    }
  };
}

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false))
  .ingress((resource, data) => withGroups(store(users, resource, data, nameIsFree(data.userName))))
  .egress((resource) => find(users, resource, withGroups))
  .degress((resource) => drop(users, resource));
SCIMMY.Resources.declare(SCIMMY.Resources.Group)
  .ingress((resource, data) => store(groups, resource, data))
  .egress((resource) => find(groups, resource))
  .degress((resource) => drop(groups, resource));

const app = express();
// A connection a request: Node resets some that are used again, which is no verdict on what is asked next.
app.use((request, response, next) => {
  response.set("Connection", "close");
  next();
});
app.use(
  "/scim/v2",
  new SCIMMYRouters({
    type: "bearer",
    docUri: "https://example.com/help",
    baseUri: () => `http://127.0.0.1:${port}`,
    handler: (request) => {
      if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("a bearer token is needed");
      return "somebody";
    },
  }),
);
app.listen(port, "127.0.0.1");
