"""For people who script: what Asterisk tells and asks on its manager interface, beside the sending.

One `session.ScriptSession` runs in the engine's process as a companion of it, with a session of its own at
the manager interface: call events never slow the modems' session, and an answer never waits for a modem.
The engine sends whether this runs or not.

**How to add a desk.** A desk deals with one kind of event (`desk.Desk`):

1. Write a class whose constructor takes the `ScriptSession`, with `name` and `events`, the names of the
   manager events it wants. Events of other names are dropped unread, so name no more than that.
2. `on_event` is called in the order of the events, in the event loop: no waiting, no database. Put the event
   on a `desk.Tray`, which is bounded and says in the log what it had no room for.
3. `run` is a task of its own: `await tray.take()`, then `await session.carry_out(work)`, where
   `work(database)` calls `pbx_sms.operations` in the one thread of the session, and where something is to be
   told, `await session.tell(name, headers)`. An exception that leaves `run` is logged, and `run` is called
   again; the other desks go on.
4. Add it to `desks.configured`, under the setting that switches it on.

`tell` raises `NotTold` when Asterisk is away or says no: decide whether it is to be told again.
"""
