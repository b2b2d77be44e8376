# Makes the agent a Windows service that runs with nobody logged in. Run as administrator:
#   powershell -ExecutionPolicy Bypass -File install-agent.ps1 -Account "NT SERVICE\LaganAgent"
# Removing it again: sc.exe stop LaganAgent; sc.exe delete LaganAgent
param(
  [string]$Lagan = "C:\Program Files\Lagan\.venv\Scripts\lagan.exe",
  [string]$Config = "$env:ProgramData\Lagan\agent.ini",
  [string]$Account = "NT SERVICE\LaganAgent"
)
$ErrorActionPreference = "Stop"
if (-not (Test-Path $Lagan)) { throw "There is no $Lagan." }
if (-not (Test-Path $Config)) { throw "There is no $Config; make it with: lagan agent init" }

# sc.exe takes the whole command line as one argument, with the quotation marks inside it.
$line = "`"$Lagan`" agent run --windows-service --config `"$Config`""
& sc.exe create LaganAgent binPath= $line start= delayed-auto obj= $Account DisplayName= "Lagan agent"
if ($LASTEXITCODE -ne 0) { throw "sc.exe create failed with $LASTEXITCODE." }
& sc.exe description LaganAgent "Sends this instrument's data to the archive."
# Started again after 10 seconds, then 60, then every 5 minutes; forgotten after a day without a fall.
& sc.exe failure LaganAgent reset= 86400 actions= restart/10000/restart/60000/restart/300000
# The settings hold a key: for administrators and the service alone.
& icacls.exe $Config /inheritance:r /grant:r "*S-1-5-32-544:F" "*S-1-5-18:F" "${Account}:M"
& sc.exe start LaganAgent
