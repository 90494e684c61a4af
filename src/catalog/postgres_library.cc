#include "catalog/postgres_library.h"

#include "base/shared_library.h"

namespace jammi::catalog {
namespace {

PostgresLibrary load() {
  const base::SharedLibrary library("libpq.so.5");
  return {
      .clear = library.function<decltype(PQclear)>("PQclear"),
      .cmdStatus = library.function<decltype(PQcmdStatus)>("PQcmdStatus"),
      .cmdTuples = library.function<decltype(PQcmdTuples)>("PQcmdTuples"),
      .connectdbParams = library.function<decltype(PQconnectdbParams)>("PQconnectdbParams"),
      .connectionNeedsPassword =
          library.function<decltype(PQconnectionNeedsPassword)>("PQconnectionNeedsPassword"),
      .connectionUsedPassword =
          library.function<decltype(PQconnectionUsedPassword)>("PQconnectionUsedPassword"),
      .errorMessage = library.function<decltype(PQerrorMessage)>("PQerrorMessage"),
      .exec = library.function<decltype(PQexec)>("PQexec"),
      .finish = library.function<decltype(PQfinish)>("PQfinish"),
      .ftype = library.function<decltype(PQftype)>("PQftype"),
      .getResult = library.function<decltype(PQgetResult)>("PQgetResult"),
      .getisnull = library.function<decltype(PQgetisnull)>("PQgetisnull"),
      .getlength = library.function<decltype(PQgetlength)>("PQgetlength"),
      .getvalue = library.function<decltype(PQgetvalue)>("PQgetvalue"),
      .ntuples = library.function<decltype(PQntuples)>("PQntuples"),
      .prepare = library.function<decltype(PQprepare)>("PQprepare"),
      .putCopyData = library.function<decltype(PQputCopyData)>("PQputCopyData"),
      .putCopyEnd = library.function<decltype(PQputCopyEnd)>("PQputCopyEnd"),
      .resultErrorField = library.function<decltype(PQresultErrorField)>("PQresultErrorField"),
      .resultStatus = library.function<decltype(PQresultStatus)>("PQresultStatus"),
      .sendQueryPrepared = library.function<decltype(PQsendQueryPrepared)>("PQsendQueryPrepared"),
      .setChunkedRowsMode = library.function<decltype(PQsetChunkedRowsMode)>("PQsetChunkedRowsMode"),
      .setNoticeReceiver = library.function<decltype(PQsetNoticeReceiver)>("PQsetNoticeReceiver"),
      .socket = library.function<decltype(PQsocket)>("PQsocket"),
      .status = library.function<decltype(PQstatus)>("PQstatus"),
      .transactionStatus = library.function<decltype(PQtransactionStatus)>("PQtransactionStatus"),
  };
}

}  // namespace

const PostgresLibrary& postgres_library() {
  static const PostgresLibrary library = load();
  return library;
}

}  // namespace jammi::catalog
