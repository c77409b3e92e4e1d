# The Debian package: `cd build/release && cpack -G DEB`. What it holds is listed here, what it does when
# it comes and goes is in packaging/debian/; `scripts/campaign.sh deb` builds, installs and removes it.

# Paths of the package are from the root: settings and units do not lie below a prefix.
set(CPACK_PACKAGING_INSTALL_PREFIX "/")
set(packaging ${PROJECT_SOURCE_DIR}/packaging)
if(NOT EXISTS ${packaging})
  return()  # the build of the image, which has the sources only
endif()

install(TARGETS lensart RUNTIME DESTINATION usr/bin)
install(FILES ${packaging}/lensart.toml DESTINATION etc/lensart PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES ${packaging}/systemd/lensart.service ${packaging}/systemd/lensart-init.service
        DESTINATION lib/systemd/system)
install(FILES ${packaging}/logrotate RENAME lensart DESTINATION etc/logrotate.d)
install(FILES ${packaging}/debian/copyright README.md CHANGELOG.md lensart.toml.example DESTINATION usr/share/doc/lensart)
install(DIRECTORY docs/ DESTINATION usr/share/doc/lensart/docs FILES_MATCHING PATTERN *.md)
install(DIRECTORY docker/prometheus docker/grafana DESTINATION usr/share/lensart)
install(FILES ${packaging}/debian/lintian-overrides RENAME lensart DESTINATION usr/share/lintian/overrides)

# Debian's own form of the changes, compressed without the time of compression.
string(TIMESTAMP PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${packaging}/debian/changelog.in ${PROJECT_BINARY_DIR}/changelog @ONLY)
find_program(GZIP gzip)
if(GZIP)
  execute_process(COMMAND ${GZIP} -9nc ${PROJECT_BINARY_DIR}/changelog
                  OUTPUT_FILE ${PROJECT_BINARY_DIR}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${PROJECT_BINARY_DIR}/changelog.gz DESTINATION usr/share/doc/lensart)
endif()

# The manual page and the completions that the program writes of itself.
install(CODE "set(program \"$<TARGET_FILE:lensart>\")")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/own_pages.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME lensart)
set(CPACK_PACKAGE_VENDOR LensArt)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "lensart maintainers <maintainers@lensart.example>")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "logrotate, postgresql-15, prometheus")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "order pipeline of LensArt, Kafka to PostgreSQL
Reads the order events of the LensArt shop from Kafka and keeps tables about
them in PostgreSQL, each event counted exactly once, across crashes of itself,
Kafka and the database. With a console, a gateway and an audit by SQL.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${packaging}/debian/conffiles;${packaging}/debian/postinst;${packaging}/debian/prerm;${packaging}/debian/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
