import Propellor
import Propellor.Engine (mainProperties)
import qualified Propellor.Property.Apt as Apt
import qualified Propellor.Property.Locale as Locale
import qualified Propellor.Property.Timezone as Timezone

main :: IO ()
main = mainProperties ci

ci :: Host
ci = host "ci" $ props
  & osDebian (Stable "bookworm") X86_64
  & "en_US.UTF-8" `Locale.selectedFor` ["LANG"]
  & Timezone.configured "Asia/Singapore"
  & Apt.serviceInstalledRunning "systemd-timesyncd"
  & Apt.installed ["git"]
  & Apt.installed ["docker.io", "docker-compose"]
