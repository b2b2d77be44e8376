"""What sites keep in the archive: the content of migrated files, as Files with replicas that are
scrubbed, healed, copied and rebuilt like all others, under the names that the site gave them.

Who may do what (there are no people here, only the keys of sites):

- A target of the archive has a name; whichever site uses a name first makes it, and takes part.
- A site takes part under its key alone. Nothing of what other sites keep there is told to it.
- Sites that an administrator has put together in a target read each other's objects and notes
  there, so that what one sends another can make stubs of. Nobody else can have them put together.
- A site writes under its own name, and removes only what is its own, also when it reads more.
- An object's name is unique in the target for all sites: a site that may not see the other's object
  learns that the name is taken, and uses another one.
- A site whose key is revoked has nothing; its objects stay, also when the site itself is removed.
"""
