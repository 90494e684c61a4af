# The platform that ./dev runs in where Docker or Podman is at hand: Debian 14 with the packages of
# platform/packages.txt. The checkout is mounted when it runs; nothing of Jammi is inside the image.
FROM debian:forky-slim

COPY platform/packages.txt /tmp/packages.txt
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
 && apt-get -o Acquire::Check-Valid-Until=false update \
 && sed -e 's/#.*//' -e '/^[[:space:]]*$/d' /tmp/packages.txt \
    | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /tmp/packages.txt

ENV JAMMI_IN_PLATFORM=1 LANG=C.UTF-8
