# What "cmake --install" puts where, and the package file for find_package(libpeer). Include it after libpeer/.
include(CMakePackageConfigHelpers)

set(LIBPEER_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/libpeer")

install(TARGETS peer EXPORT libpeerTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${LIBPEER_INCLUDE_DIR}/peer" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT headers
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT libpeerTargets NAMESPACE libpeer:: DESTINATION "${LIBPEER_PACKAGE_DIR}")

# A hint only: where CAF was when libpeer was built.
set(LIBPEER_BUILT_WITH_CAF_DIR "${CAF_DIR}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/libpeerConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/libpeerConfig.cmake" INSTALL_DESTINATION "${LIBPEER_PACKAGE_DIR}"
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 each minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/libpeerConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/libpeerConfig.cmake" "${PROJECT_BINARY_DIR}/libpeerConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindLibdeflate.cmake" DESTINATION "${LIBPEER_PACKAGE_DIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
