"""What HELP says: every command in a line or two."""

from __future__ import annotations

HELP = """\
Lagan archive node: http://<host>:<port>/<COMMAND>?<parameter>=<value>&...

Files in and out
  QARCHIVE, ARCHIVE   filename [file_id] [mime_type] [crc_variant]  POST or PUT of the bytes, or GET
                      of a URL
  REARCHIVE           a file with the facts it has elsewhere (header NGAS-File-Info)
  RETRIEVE            file_id [file_version] [disk_id] [host_id] [processing]
  CARCHIVE CCREATE CAPPEND CREMOVE CLIST CRETRIEVE CDESTROY   containers of files
Copies
  CLONE               file_id [file_version] | disk_id [file_id]  [target_disk_id] [async=1]
  REGISTER            path [mime_type] [async=1]                  files that lie on a volume already
  CHECKFILE           file_id [file_version] [disk_id]
  CHECKFILES          looks for every file of this node
Removal (only where AllowRemoveReq is set; nothing goes without execute=1)
  REMFILE             disk_id file_id [file_version]              needs three copies
  REMDISK             disk_id                                     needs three copies of each file
  DISCARD             disk_id file_id file_version | path
  PURGE               [keep_earliest] [pv_on_any_hosts]           old versions
  CACHEDEL            disk_id file_id file_version                in cache mode
What there is
  STATUS              [file_id] [disk_id] [file_access] [request_id] [file_list=1] [host_id]
                      [configuration_file=-1] [help]
  QUERY               query=files_list|files_like|disks_list|... [format=json|list|pickle] [like]
                      [start] [end]
  FILEONHOST          file_path
  HEALTH METRICS      for machines that watch
Subscriptions
  SUBSCRIBE           url [subscr_id] [start_date] [filter_plug_in] [concurrent_threads]
  UNSUBSCRIBE USUBSCRIBE TRIGGERSUBSCRIPTION GETSUBQINFO
The node
  ONLINE OFFLINE INIT EXIT
  CONFIG              log_local_log_level, log_verbose_level, log_local_log_file, log_sys_Log
  UPDATECONFIGPAR     config_param config_value
  LABEL               slot_id [host_id] | disk_id | relabel new_label
"""
